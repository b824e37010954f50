//! Keys that sign images: PEM with a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7), which is what
//! `cosign public-key` writes.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256,
};
use corten_oci::digest::Digest;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;

/// How the digits of each kind of key begin, up to what differs from key to key: two sequences with the object
/// identifiers of the algorithm and the curve in them (RFC 5480, RFC 8410, RFC 3279).
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const CURVE25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70";
/// The algorithm of RSA alone; the length of the key stands before it.
const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// Where it stands in a key of 2048 bits and more.
const RSA_AT: usize = 4;
/// Bytes of a key that are taken: RSA with 8192 bits has a thousand.
const MAX_KEY: usize = 16 << 10;

/// A key that may sign images, with the ways in which it may do so.
#[derive(Clone, Debug)]
pub struct Key {
    ways: Vec<ParsedPublicKey>,
    digest: Digest,
}

/// Why a key can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// No PEM with a public key in it.
    #[error("a key is not a public key in PEM")]
    Pem,
    /// Of another kind.
    #[error("a key is of none of the kinds ECDSA P-256, ECDSA P-384, Ed25519 and RSA with 2048 to 8192 bits")]
    Kind,
}

impl Key {
    /// Reads a key.
    pub fn from_pem(pem: &str) -> Result<Self, BadKey> {
        if pem.len() > MAX_KEY {
            return Err(BadKey::Pem);
        }
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| BadKey::Pem)?;
        let der: &[u8] = der.as_ref();
        let parsed = if der.starts_with(P256) {
            vec![ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der)]
        } else if der.starts_with(P384) {
            // cosign hashed with SHA-256 whatever the key, and does what fits the key since its third version.
            vec![
                ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, der),
                ParsedPublicKey::new(&ECDSA_P384_SHA256_ASN1, der),
            ]
        } else if der.starts_with(CURVE25519) {
            vec![ParsedPublicKey::new(&ED25519, der)]
        } else if der.get(RSA_AT..).is_some_and(|rest| rest.starts_with(RSA)) {
            vec![ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)]
        } else {
            return Err(BadKey::Kind);
        };
        let ways = parsed.into_iter().collect::<Result<_, _>>().map_err(|_| BadKey::Kind)?;
        Ok(Self { ways, digest: Digest::of(der) })
    }

    /// What tells it from other keys: the digest of its SubjectPublicKeyInfo, DER.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether a signature of this message is by this key.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.ways.iter().any(|key| key.verify_sig(message, signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    };
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pem(key: &PublicKeyX509Der<'_>) -> Key {
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(key.as_ref())
        );
        Key::from_pem(&pem).expect("a key")
    }

    fn check(key: &Key, signature: &[u8]) {
        assert!(key.has_signed(b"message", signature));
        assert!(!key.has_signed(b"massage", signature));
        let mut other = signature.to_vec();
        *other.last_mut().expect("bytes") ^= 1;
        assert!(!key.has_signed(b"message", &other));
        assert!(!key.has_signed(b"message", b""));
    }

    #[test]
    fn all_kinds_of_keys_are_known() {
        let random = SystemRandom::new();
        let ecdsa: [&'static EcdsaSigningAlgorithm; 2] =
            [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING];
        for algorithm in ecdsa {
            let pair = EcdsaKeyPair::generate(algorithm).expect("a key");
            let key = pem(&pair.public_key().as_der().expect("a key"));
            check(&key, pair.sign(&random, b"message").expect("a signature").as_ref());
        }
        let pair = Ed25519KeyPair::generate().expect("a key");
        check(&pem(&pair.public_key().as_der().expect("a key")), pair.sign(b"message").as_ref());
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &random, b"message", &mut signature).expect("a signature");
        check(&pem(&pair.public_key().as_der().expect("a key")), &signature);
    }

    /// `openssl dgst -sha256 -sign` with a P-384 key, over `message`: what cosign did before its third version.
    #[test]
    fn long_keys_may_sign_short_hashes() {
        let key = Key::from_pem(
            "-----BEGIN PUBLIC KEY-----\n\
             MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEV+/Rrw7lVpB5QNVl9XRXqC/fK1M0BkKs\n\
             U2w9uDgoEo8G5Axrbvcceq903r3DQyib1dp0Gqp+K7LX6Y9U/X80g9RQJPd6rrI0\n\
             HrrhTBQmeJDiVTjwy7czM2RAk+r02M8V\n\
             -----END PUBLIC KEY-----\n",
        );
        let signature = "MGQCMDR6mHvDjkJ0TzaazAhq3GRhMUIaLECV8hknPxNkL/+oe5Mv7U8bm4IMxuKCXWbTtwIwa7JohnXRmxC7DH5h++Z49R\
                         KdAbT0TsRlKprzWJkvBkiZOLALbZVM20UCCxycxwfY";
        check(&key.expect("a key"), &STANDARD.decode(signature).expect("base64"));
    }

    #[test]
    fn other_keys_are_refused() {
        let error = |pem: &str| Key::from_pem(pem).map(|_| ()).expect_err("no key");
        assert_eq!(error("no key"), BadKey::Pem);
        let framed = |bytes: &[u8]| {
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(bytes))
        };
        assert_eq!(error(&framed(b"\x30\x00")), BadKey::Kind);
        // The head of a key without the key.
        assert_eq!(error(&framed(P256)), BadKey::Kind);
        assert_eq!(error(&framed(&[b"\x30\x82\x01\x22", RSA].concat())), BadKey::Kind);
    }
}
