//! The certificate that firmware knows a key by.

use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};

/// RSA, the one algorithm that all firmware verifies.
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
/// The least that UEFI firmware takes, and what all of it takes.
const MIN_BITS: usize = 2048;
/// Beyond this, firmware and our own library give up.
const MAX_BITS: usize = 8192;
/// Larger than any certificate of one key.
const MAX_BYTES: usize = 64 << 10;

/// An X.509 certificate of an RSA key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    x509: x509_cert::Certificate,
    /// `RSAPublicKey`, DER.
    public_key: Vec<u8>,
}

/// Why a certificate can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are no certificate.
    #[error("not a certificate: {0}; expected X.509 in PEM or DER")]
    Format(String),
    /// The key is not RSA.
    #[error("the certificate is for a key of algorithm {0}: firmware verifies RSA alone")]
    Algorithm(String),
    /// The key is too short, or longer than anything reads.
    #[error("the certificate is for an RSA key of {0} bits: {MIN_BITS} at least, {MAX_BITS} at most")]
    Length(usize),
    /// The certificate was no longer valid at the time of the build.
    #[error("the certificate was valid until {until}, the build is of {build}: make a new one")]
    Expired {
        /// End of its validity.
        until: jiff::Timestamp,
        /// Time of the build.
        build: jiff::Timestamp,
    },
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl Certificate {
    /// Reads a certificate in PEM or DER. Of a PEM file with several, the first is taken.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let format = |error: der::Error| CertificateError::Format(error.to_string());
        if bytes.len() > MAX_BYTES {
            return Err(CertificateError::Format(format!("{} bytes", bytes.len())));
        }
        let der = match crate::signer::pem_block(bytes, |label| label == "CERTIFICATE") {
            Some(block) => {
                let (_, der) = der::pem::decode_vec(block.as_bytes())
                    .map_err(|error| CertificateError::Format(error.to_string()))?;
                der
            }
            None => bytes.to_vec(),
        };
        let x509 = x509_cert::Certificate::from_der(&der).map_err(format)?;
        // It is written anew into each signature, so it has to come out as it went in.
        if x509.to_der().map_err(format)? != der {
            return Err(CertificateError::Format("its encoding is not DER".into()));
        }
        let key = &x509.tbs_certificate.subject_public_key_info;
        if key.algorithm.oid.to_string() != RSA_ENCRYPTION {
            return Err(CertificateError::Algorithm(key.algorithm.oid.to_string()));
        }
        let public_key = key.subject_public_key.raw_bytes().to_vec();
        let modulus = RsaPublicKey::from_der(&public_key).map_err(format)?.modulus;
        let first = modulus.as_bytes().first().copied().unwrap_or_default();
        let bits = (modulus.as_bytes().len() * 8).saturating_sub(first.leading_zeros() as usize);
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(CertificateError::Length(bits));
        }
        Ok(Self { der, x509, public_key })
    }

    /// The certificate as it is, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its subject, for people.
    pub fn subject(&self) -> String {
        self.x509.tbs_certificate.subject.to_string()
    }

    /// `RSAPublicKey` of its key, DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Fails where the certificate was no longer valid at this time, seconds since 1970. Firmware has no clock that
    /// it could trust and does not look at validity; whoever signs does.
    pub fn check_validity(&self, epoch: u64) -> Result<(), CertificateError> {
        let until = self.x509.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
        if until >= epoch {
            return Ok(());
        }
        let time = |seconds: u64| {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
        };
        Err(CertificateError::Expired { until: time(until), build: time(epoch) })
    }

    pub(crate) fn x509(&self) -> &x509_cert::Certificate {
        &self.x509
    }
}
