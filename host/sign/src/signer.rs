//! Who signs. Today a key in a file; the trait is for keys that never leave their place.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use crate::certificate::{Certificate, CertificateError};

/// Larger than any key file.
const MAX_BYTES: u64 = 64 << 10;

/// Signs with an RSA key.
pub trait Signer: Sync {
    /// The certificate of the key.
    fn certificate(&self) -> &Certificate;

    /// An RSA PKCS #1 v1.5 signature over the SHA-256 of a message. The same message gives the same signature.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// Why a key can't be used. No variant carries anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The certificate beside the key can't be used.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// The key asks for a passphrase.
    #[error("{}: the key is encrypted; expected one without a passphrase, protected by the file's mode", .0.display())]
    Encrypted(PathBuf),
    /// The file holds no RSA key.
    #[error("{}: not an RSA key; expected a private key in PEM, PKCS #8 or PKCS #1", .0.display())]
    Format(PathBuf),
    /// The key is too short to be used.
    #[error("{}: the RSA key is too short; expected 2048 bits or more", .0.display())]
    Short(PathBuf),
    /// The key has numbers that no RSA key has.
    #[error("{}: the RSA key is not usable: {why}", path.display())]
    Rejected {
        /// The file.
        path: PathBuf,
        /// What the library said.
        why: String,
    },
    /// Key and certificate do not belong together.
    #[error("{}: the key is not that of certificate {}", key.display(), certificate.display())]
    Mismatch {
        /// File of the key.
        key: PathBuf,
        /// File of the certificate.
        certificate: PathBuf,
    },
    /// The library refuses to sign.
    #[error("the key can't sign")]
    Sign,
}

/// Whether others than the owner of a key file can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposed {
    /// Only its owner, or its group.
    No,
    /// Everybody on this machine; the mode of the file.
    ToAll(u32),
}

/// A key in a file.
pub struct FileSigner {
    key: RsaKeyPair,
    certificate: Certificate,
    exposed: Exposed,
}

impl FileSigner {
    /// Reads a key and its certificate.
    pub fn open(key: &Path, certificate: &Path) -> Result<Self, KeyError> {
        let known = read_certificate(certificate)?;
        let exposed = exposed(key)?;
        let text = read(key)?;
        let pair = parse(&text, key)?;
        if pair.public_key().as_ref() != known.public_key() {
            return Err(KeyError::Mismatch { key: key.into(), certificate: certificate.into() });
        }
        Ok(Self { key: pair, certificate: known, exposed })
    }

    /// A key that is in memory, with its certificate.
    pub fn from_pem(key: &[u8], certificate: Certificate) -> Result<Self, KeyError> {
        let pair = parse(key, Path::new("key"))?;
        if pair.public_key().as_ref() != certificate.public_key() {
            return Err(KeyError::Mismatch { key: "key".into(), certificate: "certificate".into() });
        }
        Ok(Self { key: pair, certificate, exposed: Exposed::No })
    }

    /// Whether others can read the key.
    pub fn exposed(&self) -> Exposed {
        self.exposed
    }
}

impl Signer for FileSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        // PKCS #1 v1.5 uses no chance; the random source only blinds the computation.
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| KeyError::Sign)?;
        Ok(signature)
    }
}

/// Reads a certificate from a file.
pub fn read_certificate(path: &Path) -> Result<Certificate, KeyError> {
    Certificate::parse(&read(path)?).map_err(|source| KeyError::Certificate { path: path.into(), source })
}

fn parse(text: &[u8], path: &Path) -> Result<RsaKeyPair, KeyError> {
    let block = pem_block(text, |label| label.ends_with("PRIVATE KEY"));
    let block = block.ok_or_else(|| KeyError::Format(path.into()))?;
    // OpenSSL's older form says so in a header; PKCS #8 has a label of its own.
    if block.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted(path.into()));
    }
    let (label, der) = der::pem::decode_vec(block.as_bytes()).map_err(|_| KeyError::Format(path.into()))?;
    let der = Zeroizing::new(der);
    let parsed = match label {
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
        _ => return Err(KeyError::Format(path.into())),
    };
    parsed.map_err(|rejected| match rejected.to_string().as_str() {
        "TooSmall" => KeyError::Short(path.into()),
        "InvalidEncoding" | "WrongAlgorithm" => KeyError::Format(path.into()),
        why => KeyError::Rejected { path: path.into(), why: why.into() },
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    use std::io::Read as _;
    let failed = |source| KeyError::Read { path: path.into(), source };
    // Asked first: opening a named pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("not a regular file")));
    }
    // Room for all of it from the start, so that no copy is left behind by a growing buffer.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize + 1));
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed(io::Error::other(format!("larger than {MAX_BYTES} bytes"))));
    }
    Ok(bytes)
}

fn exposed(path: &Path) -> Result<Exposed, KeyError> {
    let metadata = std::fs::metadata(path);
    let mode = metadata.map_err(|source| KeyError::Read { path: path.into(), source })?.permissions().mode();
    Ok(if mode & 0o004 == 0 { Exposed::No } else { Exposed::ToAll(mode & 0o7777) })
}

/// The first PEM block with such a label, its lines included. What is not text has none.
pub(crate) fn pem_block(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut from = 0;
    loop {
        let begin = from + text.get(from..)?.find("-----BEGIN ")?;
        let label_start = begin + "-----BEGIN ".len();
        let label = text.get(label_start..)?.split("-----").next()?;
        let end = format!("-----END {label}-----");
        let length = text.get(begin..)?.find(&end)? + end.len();
        if wanted(label) {
            return text.get(begin..begin + length);
        }
        from = begin + length;
    }
}
