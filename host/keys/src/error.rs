//! Why keys can't be made, read or written.

use std::io;
use std::path::PathBuf;

use corten_api::identity::{CertificateError, IssueError, Name, PemError};
use corten_api::tls::TlsError;

/// Keys that can't be made, read or written. No variant carries anything of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something is in the way.
    #[error("{}: there already, and keys are never overwritten: choose another folder or name", .0.display())]
    Exists(PathBuf),
    /// A path that names no folder to be made.
    #[error("{}: no name of a folder", .0.display())]
    NoFolder(PathBuf),
    /// A name that can't be part of a file's name.
    #[error("name {:?}: files are called after it, so no slash in it and no dot at its beginning", .0.as_str())]
    FileName(Name),
    /// Everybody on this machine could use the key.
    #[error("{}: others can read or write this key (mode {mode:03o}): chmod 600", path.display())]
    Exposed {
        /// File of the key.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file that holds no certificates.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PemError,
    },
    /// A certificate that can't be read.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// An authority that can't be used.
    #[error("{}: {source}", path.display())]
    Authority {
        /// File of its certificate.
        path: PathBuf,
        /// Why.
        source: IssueError,
    },
    /// A certificate that can't be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// Keys that sign images and can't be made.
    #[error(transparent)]
    SecureBoot(#[from] corten_sign::keys::NewKeyError),
    /// Keys that sign images and can't be written.
    #[error(transparent)]
    SecureBootFolder(#[from] corten_sign::FolderError),
    /// What was made can't be used. It would be our mistake.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl KeysError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
