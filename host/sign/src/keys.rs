//! A set of keys for Secure Boot: platform key, key exchange key and the key that signs images, with all that
//! firmware has to be told about them.
//!
//! The certificates are self-signed, since firmware looks at no chain: what is in `db` is trusted as it is. Each of
//! the keys has one purpose, so that the key that signs images, which a build machine needs, can be replaced with
//! the other two, which can lie in a drawer.

use aws_lc_rs::digest::{SHA256, digest};
use corten_formats::gpt::Guid;
use jiff::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RsaKeySize,
};
use zeroize::Zeroizing;

use crate::certificate::{Certificate, CertificateError};
use crate::efi::{EfiTime, KeyVariable, ListError, SignatureList, write_lists, write_update};
use crate::error::SignError;
use crate::signer::{FileSigner, KeyError};

/// Years that certificates are valid. Firmware has no clock that it could trust and does not look; this is how long
/// our own signer signs with a key before it asks for a new one.
pub const YEARS: i32 = 15;

/// One key with its certificate.
pub struct NewKey {
    /// What it is for.
    pub variable: KeyVariable,
    /// The key, PKCS #8 in PEM.
    pub key: Zeroizing<String>,
    /// The certificate, PEM.
    pub certificate: String,
    /// The certificate, DER: for firmware menus and hypervisors.
    pub der: Vec<u8>,
    signer: FileSigner,
}

/// What firmware is told about one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The variable.
    pub variable: KeyVariable,
    /// Its value: signature lists.
    pub list: Vec<u8>,
    /// The signed update that sets it.
    pub update: Vec<u8>,
}

/// Keys that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum NewKeyError {
    /// The library can't make a key or a certificate.
    #[error("making a key: {0}")]
    Make(#[from] rcgen::Error),
    /// The time of this machine is none that a certificate can hold.
    #[error("the clock of this machine says {0}: expected a time that a certificate can hold")]
    Clock(Timestamp),
    /// What was made can't be used. It would be our mistake.
    #[error("a key that was just made can't be used: {0}")]
    Key(#[from] KeyError),
    /// The same for its certificate.
    #[error("a certificate that was just made can't be used: {0}")]
    Certificate(#[from] CertificateError),
    /// The same for what firmware is told.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The same for its lists.
    #[error(transparent)]
    List(#[from] ListError),
}

/// Makes the three keys, in the order of [`KeyVariable::ALL`]. The name becomes part of the certificates' subjects.
pub fn generate(name: &str, now: Timestamp) -> Result<[NewKey; 3], NewKeyError> {
    let [db, kek, pk] = KeyVariable::ALL;
    Ok([one(db, name, now)?, one(kek, name, now)?, one(pk, name, now)?])
}

fn one(variable: KeyVariable, name: &str, now: Timestamp) -> Result<NewKey, NewKeyError> {
    // The one length that every firmware verifies.
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut parameters = CertificateParams::new(Vec::new())?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, format!("{name} {}", variable.name()));
    parameters.distinguished_name = subject;
    let year = i32::from(now.to_zoned(jiff::tz::TimeZone::UTC).year());
    if !(2020..10_000 - YEARS).contains(&year) {
        return Err(NewKeyError::Clock(now));
    }
    parameters.not_before = rcgen::date_time_ymd(year, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(year + YEARS, 12, 31);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if variable == KeyVariable::Database {
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    }
    let certificate = parameters.self_signed(&pair)?;
    let key = Zeroizing::new(pair.serialize_pem());
    let der = certificate.der().to_vec();
    let signer = FileSigner::from_pem(key.as_bytes(), Certificate::parse(&der)?)?;
    Ok(NewKey { variable, key, certificate: certificate.pem(), der, signer })
}

/// What firmware is told about these keys: each variable holds one certificate and is signed by the key that may
/// change it.
pub fn enrolment(keys: &[NewKey; 3], now: Timestamp) -> Result<Vec<Enrolment>, NewKeyError> {
    let [_, kek, pk] = keys;
    let owner = owner(&pk.der);
    let time = EfiTime::new(now);
    let mut all = Vec::new();
    for key in keys {
        let list = write_lists(&[SignatureList::of_certificate(owner, &key.der)])?;
        let signer = if key.variable == KeyVariable::Database { kek } else { pk };
        let update = write_update(key.variable, &list, time, &signer.signer)?;
        all.push(Enrolment { variable: key.variable, list, update });
    }
    Ok(all)
}

/// The GUID by which an owner's entries are told from others': made from the platform key's certificate.
fn owner(certificate: &[u8]) -> Guid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, certificate).as_ref()[..16]);
    // Version 8 of RFC 9562: a hash of the maker's choice.
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    Guid::from_bytes(bytes)
}
