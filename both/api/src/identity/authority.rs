//! An authority: the key of an owner of nodes, which says who is a node and who may do what.

use std::time::Duration;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber, date_time_ymd,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use zeroize::Zeroizing;

use super::keypair::{Identity, PemError, certificates};
use super::{AUTHORITY, Address, Certificate, CertificateError, NODE, Name, PREFIX};
use crate::role::Role;

/// Days that a certificate can be valid, at most.
pub const MAX_DAYS: u32 = 36_500;
/// Seconds before its making from which a certificate is valid: a day, since the clock of a node that has not asked
/// for the time yet may be set to a local time. Not before 1970.
pub const BACKDATE: i64 = SECONDS_A_DAY;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;
/// The last second that a certificate can hold, at the end of the year 9999, less what is added to it.
const LAST: i64 = 253_402_300_799 - MAX_DAYS as i64 * SECONDS_A_DAY;

/// An authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    identity: Identity,
    certificate: Certificate,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// A certificate that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The library can't make or read a key or certificate.
    #[error("key or certificate of an authority: {0}")]
    Library(#[from] rcgen::Error),
    /// No random numbers.
    #[error("this machine has no random numbers")]
    Random,
    /// A certificate without days, or with more than make sense.
    #[error("a certificate of {0} days; expected 1 to {MAX_DAYS}")]
    Days(u32),
    /// The clock of this machine is far off.
    #[error(
        "the clock of this machine says {0} seconds since 1970: expected a time that a certificate can hold"
    )]
    Clock(i64),
    /// A certificate that would outlive its authority, which clients then trust no more.
    #[error("{days} days: the authority {authority:?} is valid for {left} days from now")]
    Outlives {
        /// The authority.
        authority: String,
        /// What was asked for.
        days: u32,
        /// Whole days that the authority is still valid.
        left: i64,
    },
    /// An authority that is of no more use.
    #[error("the authority {0:?} has ended, or ends within a day: make another one")]
    Ended(String),
    /// The file of the authority.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The certificate is none of an authority.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The key is another one's.
    #[error("the key is not that of the certificate of {0:?}")]
    Mismatch(String),
}

impl Authority {
    /// Makes an authority that is valid for so many days from now.
    pub fn generate(name: &Name, now: i64, days: u32) -> Result<Self, IssueError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut parameters = parameters(name, AUTHORITY, now, days)?;
        // It signs clients and nodes, never other authorities.
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let made = parameters.self_signed(&key)?;
        let identity = Identity { chain: made.pem(), key: Zeroizing::new(key.serialize_pem()) };
        let certificate = Certificate::read(made.der())?;
        Ok(Self { issuer: Issuer::new(parameters, key), identity, certificate })
    }

    /// Reads an authority: its certificate, PEM, and its key, PKCS #8 in PEM.
    pub fn read(identity: Identity) -> Result<Self, IssueError> {
        let all = certificates(&identity.chain)?;
        let der = all.first().ok_or(PemError::NoCertificate)?;
        let certificate = Certificate::read_authority(der)?;
        let key = identity.key_pair(der)?.ok_or_else(|| IssueError::Mismatch(certificate.name.clone()))?;
        Ok(Self { issuer: Issuer::from_ca_cert_der(der, key)?, identity, certificate })
    }

    /// What its certificate says.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its certificate and key. The key is for its owner alone; the chain is what everybody trusts.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Issues a certificate for a person or program.
    pub fn client(&self, name: &Name, role: Role, now: i64, days: u32) -> Result<Identity, IssueError> {
        let mut parameters = parameters(name, &format!("{PREFIX}{role}"), now, days)?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(parameters, now, days)
    }

    /// Issues a certificate for a node. The addresses are for other tools: Corten's client compares none.
    pub fn node(
        &self,
        name: &Name,
        addresses: &[Address],
        now: i64,
        days: u32,
    ) -> Result<Identity, IssueError> {
        self.issue(node(name, addresses, now, days)?, now, days)
    }

    fn issue(&self, mut parameters: CertificateParams, now: i64, days: u32) -> Result<Identity, IssueError> {
        let left = self.certificate.not_after.saturating_sub(now).div_euclid(SECONDS_A_DAY);
        let authority = || self.certificate.name.clone();
        if left < 1 {
            return Err(IssueError::Ended(authority()));
        }
        if i64::from(days) > left {
            return Err(IssueError::Outlives { authority: authority(), days, left });
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        parameters.use_authority_key_identifier_extension = true;
        let made = parameters.signed_by(&key, &self.issuer)?;
        Ok(Identity { chain: made.pem(), key: Zeroizing::new(key.serialize_pem()) })
    }
}

/// The certificate that a node makes itself, until an authority gave it one: it is known by its fingerprint alone.
pub fn self_signed_node(
    name: &Name,
    addresses: &[Address],
    now: i64,
    days: u32,
) -> Result<Identity, IssueError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let made = node(name, addresses, now, days)?.self_signed(&key)?;
    Ok(Identity { chain: made.pem(), key: Zeroizing::new(key.serialize_pem()) })
}

impl Identity {
    /// The key, if it is that of this certificate.
    fn key_pair(&self, der: &[u8]) -> Result<Option<KeyPair>, IssueError> {
        let key = KeyPair::from_pem(&self.key)?;
        let (_, x509) =
            X509Certificate::from_der(der).map_err(|why| CertificateError::Format(why.to_string()))?;
        let is_its = x509.public_key().raw == rcgen::PublicKeyData::subject_public_key_info(&key);
        Ok(is_its.then_some(key))
    }

    /// Reads the first certificate of the chain and fails where the key is not its.
    pub fn check(&self) -> Result<Certificate, IssueError> {
        let all = certificates(&self.chain)?;
        let der = all.first().ok_or(PemError::NoCertificate)?;
        let certificate = Certificate::read(der)?;
        match self.key_pair(der)? {
            Some(_) => Ok(certificate),
            None => Err(IssueError::Mismatch(certificate.name)),
        }
    }
}

fn node(name: &Name, addresses: &[Address], now: i64, days: u32) -> Result<CertificateParams, IssueError> {
    let mut parameters = parameters(name, NODE, now, days)?;
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    for address in addresses {
        parameters.subject_alt_names.push(match address {
            Address::Ip(address) => SanType::IpAddress(*address),
            Address::Dns(name) => SanType::DnsName(Ia5String::try_from(name.as_str())?),
        });
    }
    Ok(parameters)
}

/// What all certificates share; the usage is that of one which signs handshakes.
fn parameters(name: &Name, organisation: &str, now: i64, days: u32) -> Result<CertificateParams, IssueError> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(IssueError::Days(days));
    }
    // A machine whose clock has no battery starts in 1970, and has to be reachable all the same.
    if !(0..=LAST).contains(&now) {
        return Err(IssueError::Clock(now));
    }
    let time = |seconds: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.unsigned_abs());
    let mut parameters = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name.as_str());
    subject.push(DnType::OrganizationName, organisation);
    parameters.distinguished_name = subject;
    parameters.not_before = time((now - BACKDATE).max(0));
    parameters.not_after = time(now + i64::from(days) * SECONDS_A_DAY);
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.serial_number = Some(serial()?);
    Ok(parameters)
}

/// 127 random bits, more than the 64 that are good practice, and a number above 0 in 20 bytes as RFC 5280 asks.
fn serial() -> Result<SerialNumber, IssueError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| IssueError::Random)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}
