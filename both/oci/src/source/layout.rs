//! Layouts (OCI image specification, image-layout.md), in a directory or in an archive.

use serde::{Deserialize, Serialize};

use super::files::small;
use super::{Content, Files, Listed, Source, SourceError};
use crate::digest::Digest;
use crate::json::{self, DocumentError};
use crate::limits;
use crate::manifest::{Index, REF_NAME};

/// Annotation with the whole name of an image, where [`REF_NAME`] has its tag alone: in what containerd and Docker
/// write.
pub const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// File that says that it is a layout.
pub(crate) const MARK: &str = "oci-layout";

/// File that lists what is in it.
pub(crate) const INDEX: &str = "index.json";

/// The version that all have.
const VERSION: &str = "1.0.0";

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    image_layout_version: String,
}

/// The content of [`MARK`].
pub(crate) fn mark() -> Vec<u8> {
    json::write(&Mark { image_layout_version: VERSION.to_owned() })
}

/// A layout.
#[derive(Debug)]
pub struct Layout<F> {
    files: F,
    index: Index,
    images: Vec<Listed>,
}

impl<F: Files> Layout<F> {
    /// Reads what is in it; gives the files back if it is no layout.
    pub fn open(files: F) -> Result<Result<Self, F>, SourceError> {
        let Some(mark) = small(&files, MARK)? else { return Ok(Err(files)) };
        let mark: Mark = json::parse(&mark).map_err(SourceError::document(MARK))?;
        if mark.image_layout_version != VERSION {
            return Err(SourceError::Version(mark.image_layout_version));
        }
        let bytes = small(&files, INDEX)?.ok_or_else(|| SourceError::Missing(INDEX.to_owned()))?;
        let index = Index::parse(&bytes).map_err(SourceError::document(INDEX))?;
        let mut images = Vec::new();
        for descriptor in &index.manifests {
            let name = [CONTAINERD_NAME, REF_NAME].iter().find_map(|key| descriptor.annotations.get(*key));
            let name =
                name.map(|name| checked_name(name)).transpose().map_err(SourceError::document(INDEX))?;
            images.push(Listed { name, descriptor: descriptor.clone() });
        }
        Ok(Ok(Self { files, index, images }))
    }

    /// Its index, as it stands there.
    pub fn index(&self) -> &Index {
        &self.index
    }
}

/// A name that people can be shown.
pub(super) fn checked_name(name: &str) -> Result<String, DocumentError> {
    if name.is_empty() || name.len() > limits::NAME || name.chars().any(char::is_control) {
        let shown: String = name.chars().take(160).collect();
        return Err(DocumentError::Content(format!("{shown:?} can't be the name of an image")));
    }
    Ok(name.to_owned())
}

impl<F: Files> Source for Layout<F> {
    fn images(&self) -> &[Listed] {
        &self.images
    }

    fn open<'a>(&'a self, digest: &Digest) -> Result<Content<'a>, SourceError> {
        self.files.get(&digest.blob_path())?.ok_or_else(|| SourceError::Missing(digest.to_string()))
    }
}
