//! Why a layer can't be read.

use super::PathError;
use crate::tar::TarError;

/// Why a layer can't be read or is refused.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The archive can't be read.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A path that would lead out of the layer, or no path at all.
    #[error("the path {path:?} is refused: {source}")]
    Path {
        /// The path as it stands in the archive.
        path: String,
        /// Why.
        source: PathError,
    },
    /// The same path twice.
    #[error("{0:?} stands twice in the layer")]
    Twice(String),
    /// An entry whose parent is no directory.
    #[error("{path:?} lies below {parent:?}, which is no directory")]
    Below {
        /// Path of the entry.
        path: String,
        /// What lies above it.
        parent: String,
    },
    /// A hard link to a directory, to itself or to what is gone.
    #[error("{path:?} is a hard link to {target:?}, which is no file before it")]
    HardLink {
        /// Path of the link.
        path: String,
        /// What it names.
        target: String,
    },
    /// An entry that a hard link before it names.
    #[error("{0:?} comes behind a hard link to it")]
    Linked(String),
    /// The target of a symbolic link is empty or too long.
    #[error("{0:?} is a symbolic link to nothing, or to what is too long")]
    Symlink(String),
    /// More entries than the limit, or longer paths in all.
    #[error("the layer has more than {0} entries, or their paths are too long")]
    TooMany(usize),
    /// More bytes than the limit.
    #[error("the layer has more than {0} bytes when it is unpacked")]
    TooLarge(u64),
}
