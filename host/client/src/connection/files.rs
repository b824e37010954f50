//! From the files that a context names to what TLS needs.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use corten_api::identity::{CertificateError, Client, Identity, IssueError, certificates};
use corten_api::tls::{ServerCheck, TlsError, check_authorities};

use crate::contexts::{Credentials, Trust};

/// More than any certificate or key.
const MAX_BYTES: u64 = 1 << 20;

/// A file of a context can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not hold a certificate with its key.
    #[error("{} with {}: {source}", certificate.display(), key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        source: Box<IssueError>,
    },
    /// Its certificate is no client's.
    #[error("{}: {source}", path.display())]
    NoClient {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// It holds no certificate of an authority.
    #[error("{}: {source}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<TlsError>,
    },
}

/// Reads a certificate and its key, and looks whether they belong together.
pub fn identity_of(files: &Credentials) -> Result<Identity, FileError> {
    let identity = Identity { chain: read(&files.certificate)?, key: read(&files.key)?.into() };
    match identity.check() {
        Ok(_) => Ok(identity),
        Err(source) => Err(FileError::Pair {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            source: Box::new(source),
        }),
    }
}

/// The same, and looks whether the certificate is one that a client shows.
pub fn client_of(files: &Credentials) -> Result<Identity, FileError> {
    let identity = identity_of(files)?;
    // Its certificates were read once already.
    if let Some(first) = certificates(&identity.chain).ok().and_then(|all| all.into_iter().next()) {
        let path = || files.certificate.clone();
        Client::read(&first).map_err(|source| FileError::NoClient { path: path(), source })?;
    }
    Ok(identity)
}

/// Reads the certificate of an authority, PEM, and looks whether it is one.
pub fn authority_of(path: &Path) -> Result<String, FileError> {
    let pems = [read(path)?];
    check_authorities(&pems)
        .map_err(|source| FileError::Authority { path: path.to_owned(), source: Box::new(source) })?;
    let [pem] = pems;
    Ok(pem)
}

/// Reads what a node is recognised by.
pub fn check_of(trust: &Trust) -> Result<ServerCheck, FileError> {
    Ok(match trust {
        Trust::Authority(path) => ServerCheck::Authority(read(path)?),
        Trust::Fingerprint(pinned) => ServerCheck::Pinned(*pinned),
    })
}

fn read(path: &Path) -> Result<String, FileError> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
    read.map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    Ok(text)
}
