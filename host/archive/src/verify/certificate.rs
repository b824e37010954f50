//! When a key may sign: its own signatures say until when, for what, and whether it was revoked.
//!
//! As gpgv does for apt, validity is judged at the time of use, not at that of the signature: a key that has
//! expired since says nothing any more.

use jiff::Timestamp;
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature, SignatureType};
use pgp::types::{Duration, KeyDetails, Tag};

/// Whether the main key of a certificate is usable at all; else why not.
pub fn primary(certificate: &SignedPublicKey, now: Timestamp) -> Result<(), String> {
    let key = &certificate.primary_key;
    let revoked = |signature: &&Signature| {
        signature.typ() == Some(SignatureType::KeyRevocation) && signature.verify_key(key).is_ok()
    };
    if certificate.details.revocation_signatures.iter().any(|signature| revoked(&signature)) {
        return Err("the key was revoked".to_owned());
    }
    let newest = self_signature(certificate, now).ok_or("the key has no valid signature of its own")?;
    expired(key.created_at().as_secs(), newest.key_expiration_time(), now)
}

/// Whether the main key may sign data.
pub fn primary_signs(certificate: &SignedPublicKey, now: Timestamp) -> Result<(), String> {
    let flags = self_signature(certificate, now).map(Signature::key_flags).unwrap_or_default();
    // A key without any flag is from before flags were invented and may do everything.
    let unspecified = !flags.certify() && !flags.encrypt_comms() && !flags.encrypt_storage();
    if flags.sign() || unspecified { Ok(()) } else { Err("the key is not meant for signing".to_owned()) }
}

/// Whether a subkey may sign data: bound by the main key, and binding itself to it in return.
pub fn subkey_signs(
    certificate: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<(), String> {
    let primary = &certificate.primary_key;
    let valid = |signature: &&Signature| signature.verify_subkey_binding(primary, &subkey.key).is_ok();
    let of = |kind| subkey.signatures.iter().filter(move |signature| signature.typ() == Some(kind));
    if of(SignatureType::SubkeyRevocation).any(|signature| valid(&signature)) {
        return Err("the subkey was revoked".to_owned());
    }
    let newest = of(SignatureType::SubkeyBinding)
        .filter(|signature| counts(signature, now))
        .filter(valid)
        .max_by_key(|signature| signature.created())
        .ok_or("the subkey is not bound to its key")?;
    expired(subkey.key.created_at().as_secs(), newest.key_expiration_time(), now)?;
    if !newest.key_flags().sign() {
        return Err("the subkey is not meant for signing".to_owned());
    }
    let back = newest.embedded_signature();
    if back.is_some_and(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok()) {
        Ok(())
    } else {
        Err("the subkey did not confirm that it belongs to its key".to_owned())
    }
}

/// The newest valid self-signature, which decides about expiry and use.
fn self_signature(certificate: &SignedPublicKey, now: Timestamp) -> Option<&Signature> {
    let key = &certificate.primary_key;
    let users = certificate.details.users.iter().flat_map(|user| {
        let own = move |signature: &&Signature| {
            signature.is_certification() && signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
        };
        user.signatures.iter().filter(own)
    });
    let direct =
        certificate.details.direct_signatures.iter().filter(|signature| {
            signature.typ() == Some(SignatureType::Key) && signature.verify_key(key).is_ok()
        });
    users.chain(direct).filter(|signature| counts(signature, now)).max_by_key(|signature| signature.created())
}

/// Whether a signature was made before now and has not expired.
pub fn counts(signature: &Signature, now: Timestamp) -> bool {
    let Some(created) = signature.created() else { return false };
    let made = i64::from(created.as_secs());
    made <= now.as_second() && expired(created.as_secs(), signature.signature_expiration_time(), now).is_ok()
}

fn expired(created: u32, lifetime: Option<Duration>, now: Timestamp) -> Result<(), String> {
    let seconds = lifetime.map_or(0, Duration::as_secs);
    let end = i64::from(created) + i64::from(seconds);
    if seconds == 0 || now.as_second() < end {
        return Ok(());
    }
    let end = Timestamp::from_second(end).map_or_else(|_| end.to_string(), |end| end.to_string());
    Err(format!("the key expired at {end}"))
}
