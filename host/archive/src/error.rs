//! Everything that can go wrong with an archive, gathered, with the class that decides the exit code.

use crate::fetch::FetchError;
use crate::lock::LockError;
use crate::mirror::MirrorError;
use crate::resolve::ResolveError;
use crate::store::StoreError;
use crate::tools::ToolsError;
use crate::unpack::UnpackError;
use crate::verify::VerifyError;
use crate::verify::keyring::KeyringError;

/// What kind of failure it is. The command gives each class an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A mirror can't be reached, answers with an error, or is not configured. Trying again can help.
    Network,
    /// What was served is not what the archive published or the lock names. Trying again does not help.
    Verification,
    /// No set of packages fulfils what is asked for.
    Resolution,
    /// The lock is missing, broken, or does not fit what is asked for.
    Lock,
    /// The store on this host can't be used.
    Store,
    /// A package has a content that is refused.
    Package,
}

/// A failure of an operation on the archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No mirror, or one that can't be read from.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// A download failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Metadata or a file are refused.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// There are no keys to verify with.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Packages can't be chosen.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A package can't be unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// Tools can't be laid out or run.
    #[error(transparent)]
    Tools(#[from] ToolsError),
}

impl Error {
    /// The class of the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Mirror(_) => Class::Network,
            Self::Fetch(error) => error.class(),
            Self::Verify(_) | Self::Keyring(_) => Class::Verification,
            Self::Resolve(_) => Class::Resolution,
            Self::Lock(_) => Class::Lock,
            Self::Store(_) | Self::Tools(_) => Class::Store,
            Self::Unpack(_) => Class::Package,
        }
    }
}
