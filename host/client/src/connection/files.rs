//! From the files that a context names to what TLS needs.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use corten_api::identity::{Identity, IssueError};
use corten_api::tls::ServerCheck;

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
