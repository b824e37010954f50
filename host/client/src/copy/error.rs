//! What goes wrong while something is copied.

use std::io;
use std::path::{Path, PathBuf};

use corten_oci::tar::TarError;

use crate::connection::NodeError;

/// Something could not be copied, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A file of this machine.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has no name that the copy could have.
    #[error("{}: expected a file or folder with a name", .0.display())]
    NoName(PathBuf),
    /// It is no file and no folder.
    #[error("{}: is neither a file nor a folder", .0.display())]
    Special(PathBuf),
    /// What the node sends is no archive.
    #[error("what the node sent can't be unpacked: {0}")]
    Archive(#[source] TarError),
    /// It can't be made into an archive.
    #[error("{}: {source}", path.display())]
    Pack {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TarError,
    },
    /// A name of the archive that leads elsewhere.
    #[error("the node sent {name:?}, which is not what was asked for: it was not written")]
    Outside {
        /// The name.
        name: String,
    },
    /// Something of this machine is in the way.
    #[error("{}: is a link, and what it points to is left alone", .0.display())]
    Link(PathBuf),
    /// Too many things of a kind that has to be remembered until the end.
    #[error("what the node sent has more than {0} links and folders")]
    TooMany(usize),
}

impl CopyError {
    /// An error of a file of this machine.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
