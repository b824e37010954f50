//! Manifests: configuration and layers of one image on one platform (manifest.md).

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use super::{Annotations, Descriptor};
use crate::json::{self, DocumentError, null_is_default};
use crate::{limits, media};

/// What one image on one platform consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// What it says itself to be; OCI lets it be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What an artifact is that is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// How it is run.
    pub config: Descriptor,
    /// Its layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// Free texts.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
}

impl Manifest {
    /// A manifest of OCI.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media::MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers,
            annotations: Annotations::new(),
        }
    }

    /// Reads the manifest of an image. What is no image, a signature for example, is read by
    /// [`Manifest::parse_artifact`].
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let manifest = Self::parse_artifact(bytes)?;
        match manifest.foreign() {
            Some(foreign) => Err(DocumentError::Content(format!("it is no image: it holds {foreign:?}"))),
            None => Ok(manifest),
        }
    }

    /// The type of its configuration or of a layer that no image has.
    pub fn foreign(&self) -> Option<&str> {
        let config = Some(&self.config).filter(|config| !media::is_config(&config.media_type));
        let layer = || self.layers.iter().find(|layer| !media::is_layer(&layer.media_type));
        config.or_else(layer).map(|part| part.media_type.as_str())
    }

    /// Reads a manifest of anything.
    pub fn parse_artifact(bytes: &[u8]) -> Result<Self, DocumentError> {
        let shape: Shape = json::parse(bytes)?;
        let refuse = |text: String| Err(DocumentError::Content(text));
        if shape.fs_layers.is_some() {
            return refuse("it is of the first schema of Docker, which is not supported".into());
        }
        if shape.manifests.is_some() {
            return Err(DocumentError::Ambiguous);
        }
        let manifest: Self = json::parse(bytes)?;
        if manifest.schema_version != 2 {
            return refuse(format!("its schema is {}, and not 2", manifest.schema_version));
        }
        if let Some(other) = manifest.media_type.as_deref().filter(|own| !media::is_manifest(own)) {
            return refuse(format!("it is of type {other:?}, which is no manifest"));
        }
        if manifest.layers.len() > limits::LAYERS {
            return refuse(format!("it has more than {} layers", limits::LAYERS));
        }
        Ok(manifest)
    }
}
