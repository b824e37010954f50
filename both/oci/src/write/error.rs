//! Why something can't be written.

use std::io;

use crate::layer::LayerError;
use crate::source::SourceError;
use crate::tar::TarError;
use crate::verified::Mismatch;

/// Why something can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output can't be written to, or what goes into it can't be read.
    #[error("{what}: {source}")]
    Io {
        /// Which file or blob.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// What should be copied is not what it should be.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The archive can't be written.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A layer that its reader would refuse.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// What should be copied can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Entries that are not sorted.
    #[error("{path:?} comes behind {before:?}: entries of a layer have to be sorted")]
    Order {
        /// The entry.
        path: String,
        /// The one before it.
        before: String,
    },
    /// A path that has another form, or that would be read as a whiteout.
    #[error("{0:?} can't be the path of an entry")]
    Path(String),
    /// A name that is none.
    #[error("{0:?} can't be the name of an image here")]
    Name(String),
    /// A name that does not end with a tag.
    #[error("{0:?} has no tag, or a digest: an archive of Docker has names with tags alone")]
    NoTag(String),
    /// A directory that holds something else.
    #[error("{0} is no layout, and not empty")]
    Occupied(String),
    /// A layout where a file is.
    #[error("{0} is a file, and a layout is a folder")]
    NoFolder(String),
}

impl WriteError {
    /// Tells what was written, unless it was read and is not what it should be.
    pub(crate) fn io(what: impl ToString) -> impl FnOnce(io::Error) -> Self {
        move |source| match Mismatch::in_error(&source) {
            Some(mismatch) => Self::Mismatch(mismatch.clone()),
            None => Self::Io { what: what.to_string(), source },
        }
    }

    /// The same for an archive.
    pub(crate) fn tar(error: TarError) -> Self {
        match error {
            TarError::Io(source) => match Mismatch::in_error(&source) {
                Some(mismatch) => Self::Mismatch(mismatch.clone()),
                None => Self::Tar(TarError::Io(source)),
            },
            other => Self::Tar(other),
        }
    }
}
