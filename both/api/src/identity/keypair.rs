//! A certificate with its key, as files and configurations hold it: PEM.

use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

/// More than any chain or list of authorities; PEM beyond this is not looked at.
const MAX_BYTES: usize = 256 << 10;
/// Certificates in one text.
const MAX_CERTIFICATES: usize = 64;

/// A chain of certificates and the key of its first.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The chain, PEM, the holder's own certificate first.
    pub chain: String,
    /// The key, PKCS #8 in PEM.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// Text that holds no certificates or no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Larger than what is looked at.
    #[error("{0} bytes; expected certificates in PEM of {MAX_BYTES} bytes at most")]
    Size(usize),
    /// More certificates than anybody needs.
    #[error("more than {MAX_CERTIFICATES} certificates")]
    Many,
    /// A block that is damaged.
    #[error("PEM that can't be read: {0}")]
    Format(String),
    /// No block of a certificate.
    #[error("no certificate in it; expected -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// No block of a private key.
    #[error("no private key in it; expected -----BEGIN PRIVATE KEY-----")]
    NoKey,
}

/// The certificates in a PEM text, in their order, DER each. Other blocks are passed over. At least one.
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, PemError> {
    if pem.len() > MAX_BYTES {
        return Err(PemError::Size(pem.len()));
    }
    let mut all = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        if all.len() == MAX_CERTIFICATES {
            return Err(PemError::Many);
        }
        all.push(certificate.map_err(|error| PemError::Format(error.to_string()))?);
    }
    if all.is_empty() { Err(PemError::NoCertificate) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_not_shown_by_accident() {
        let identity = Identity { chain: "chain".into(), key: Zeroizing::new("secret".into()) };
        assert_eq!(format!("{identity:?}"), "Identity { chain: \"chain\", .. }");
    }

    #[test]
    fn text_without_certificates_is_refused() {
        assert_eq!(certificates("hello\n"), Err(PemError::NoCertificate));
        assert_eq!(certificates(&" ".repeat(MAX_BYTES + 1)), Err(PemError::Size(MAX_BYTES + 1)));
        let one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(one).map(|all| all.len()), Ok(1));
        assert_eq!(certificates(&one.repeat(MAX_CERTIFICATES + 1)), Err(PemError::Many));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(-----(BEGIN|END) [A-Z ]{0,12}-----|\n|[A-Za-z0-9+/=]{0,8}|\\PC){0,12}") {
            if let Ok(all) = certificates(&text) {
                prop_assert!(!all.is_empty());
            }
        }
    }
}
