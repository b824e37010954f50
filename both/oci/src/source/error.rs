//! Why a source can't be read.

use std::io;

use crate::json::DocumentError;
use crate::tar::TarError;
use crate::verified::Mismatch;

/// Why a source can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file that can't be read.
    #[error("reading {what}: {source}")]
    Io {
        /// Which one.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// A blob that is not what it should be.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// A document that can't be read or is refused.
    #[error("{what}: {source}")]
    Document {
        /// Which one: its file or its digest.
        what: String,
        /// Why.
        source: DocumentError,
    },
    /// The archive itself can't be read.
    #[error("the archive can't be read: {0}")]
    Archive(#[from] TarError),
    /// A member of an archive that is refused.
    #[error("the archive has a member {name:?}: {why}")]
    Member {
        /// Its path.
        name: String,
        /// Why.
        why: String,
    },
    /// Something that is named and not there.
    #[error("{0} is not there")]
    Missing(String),
    /// Nothing that holds images.
    #[error(
        "it is no layout of OCI and no archive of OCI or Docker: it has neither oci-layout nor manifest.json"
    )]
    NoImages,
    /// A version of the layout that is unknown.
    #[error("it is a layout of version {0:?}, and not 1.0.0")]
    Version(String),
    /// Something other than an image.
    #[error("{digest} is no image: it is or holds {media_type:?}")]
    NotAnImage {
        /// Its digest.
        digest: String,
        /// What it says itself, its configuration or a layer to be.
        media_type: String,
    },
    /// No image for the platform.
    #[error("{digest} has no image for {wanted}{}", .found.as_deref().map(|found| format!(", but one for {found}")).unwrap_or_default())]
    Platform {
        /// Its digest.
        digest: String,
        /// The platform.
        wanted: String,
        /// What there is, if one thing alone.
        found: Option<String>,
    },
}

impl SourceError {
    /// Tells what was read, unless it was read and is not what it should be.
    pub(crate) fn reading(what: &str) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| match Mismatch::in_error(&source) {
            Some(mismatch) => Self::Mismatch(mismatch.clone()),
            None => Self::Io { what: what.to_owned(), source },
        }
    }

    /// Tells which document is wrong.
    pub(crate) fn document(what: impl Into<String>) -> impl FnOnce(DocumentError) -> Self {
        move |source| Self::Document { what: what.into(), source }
    }
}
