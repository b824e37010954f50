//! Indexes: manifests of one image for several platforms, or all that a layout holds (image-index.md).

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use super::{Annotations, Descriptor, Other, Platform};
use crate::json::{self, DocumentError, null_is_default};
use crate::{limits, media};

/// Annotation of a manifest in a layout: the name that it goes by there.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A list of manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// What it says itself to be; older ones do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The manifests.
    #[serde(default, deserialize_with = "null_is_default")]
    pub manifests: Vec<Descriptor>,
    /// Free texts.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// What else is written there; kept as it is.
    #[serde(flatten)]
    pub other: Other,
}

impl Index {
    /// One that holds nothing.
    pub fn empty() -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media::INDEX.to_owned()),
            manifests: Vec::new(),
            annotations: Annotations::new(),
            other: Other::new(),
        }
    }

    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let shape: Shape = json::parse(bytes)?;
        let index: Self = json::parse(bytes)?;
        if shape.layers.is_some() || shape.config.is_some() {
            return Err(DocumentError::Ambiguous);
        }
        if index.schema_version != 2 {
            return Err(DocumentError::Content(format!("its schema is {}, and not 2", index.schema_version)));
        }
        if let Some(other) = index.media_type.as_deref().filter(|own| !media::is_index(own)) {
            return Err(DocumentError::Content(format!("it is of type {other:?}, which is no index")));
        }
        if index.manifests.len() > limits::IMAGES {
            return Err(DocumentError::Content(format!("it has more than {} manifests", limits::IMAGES)));
        }
        Ok(index)
    }

    /// The manifest or index for a platform: the first that names it; else the first that names none.
    pub fn select(&self, platform: &Platform) -> Option<&Descriptor> {
        let usable = |descriptor: &&Descriptor| {
            media::is_manifest(&descriptor.media_type) || media::is_index(&descriptor.media_type)
        };
        let mut named = self.manifests.iter().filter(usable);
        let mut unnamed = self.manifests.iter().filter(usable);
        named
            .find(|descriptor| descriptor.platform.as_ref().is_some_and(|own| platform.runs(own)))
            .or_else(|| unnamed.find(|descriptor| descriptor.platform.is_none()))
    }
}
