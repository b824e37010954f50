//! Configurations: how an image is run and what its layers unpack to (config.md). Docker writes the same and more.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Annotations, Manifest, Other, Platform};
use crate::digest::Digest;
use crate::json::{self, DocumentError, null_is_default};

/// How an image is run, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Architecture of the processor that it runs on, `amd64`.
    pub architecture: String,
    /// Operating system that it runs on, `linux`.
    pub os: String,
    /// Kind of the processor.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// How it is run where nobody says otherwise.
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: Execution,
    /// Its layers.
    pub rootfs: RootFs,
    /// How it came to be.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<History>,
    /// What else is written there; kept as it is.
    #[serde(flatten)]
    pub other: Other,
}

/// How an image is run where nobody says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Execution {
    /// `USER`, `UID`, `USER:GROUP` and so on; empty for root.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Ports that it listens on, `80/tcp`.
    #[serde(
        deserialize_with = "keys",
        serialize_with = "as_keys",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub exposed_ports: BTreeSet<String>,
    /// Variables, `NAME=value`.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The program and its first arguments.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Further arguments, or the program where there is no entry point.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Folders whose content is the container's own.
    #[serde(
        deserialize_with = "keys",
        serialize_with = "as_keys",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub volumes: BTreeSet<String>,
    /// Where it starts.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Free texts.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: Annotations,
    /// What ends it, `SIGTERM` or a number; empty for SIGTERM.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// What else is written there, a check of its health for example; kept as it is.
    #[serde(flatten)]
    pub other: Other,
}

/// What the layers of an image unpack to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Digest of each layer without its compression, the lowest first.
    #[serde(deserialize_with = "null_is_default")]
    pub diff_ids: Vec<Digest>,
}

/// A step in which an image was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// By which command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What was said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether it added no layer.
    #[serde(deserialize_with = "null_is_default", skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
    /// What else is written there; kept as it is.
    #[serde(flatten)]
    pub other: Other,
}

impl ImageConfig {
    /// The configuration of an image without layers.
    pub fn new(platform: Platform) -> Self {
        Self {
            created: None,
            author: None,
            architecture: platform.architecture,
            os: platform.os,
            variant: platform.variant,
            config: Execution::default(),
            rootfs: RootFs { kind: "layers".into(), diff_ids: Vec::new() },
            history: Vec::new(),
            other: Other::new(),
        }
    }

    /// What it runs on.
    pub fn platform(&self) -> Platform {
        Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
            os_version: String::new(),
            other: Other::new(),
        }
    }

    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let config: Self = json::parse(bytes)?;
        if config.rootfs.kind != "layers" {
            let text = format!("its root is of type {:?}, and not of layers", config.rootfs.kind);
            return Err(DocumentError::Content(text));
        }
        Ok(config)
    }

    /// Reads the one of a manifest: it has to name as many layers.
    pub fn parse_for(manifest: &Manifest, bytes: &[u8]) -> Result<Self, DocumentError> {
        let config = Self::parse(bytes)?;
        let (own, named) = (config.rootfs.diff_ids.len(), manifest.layers.len());
        if own == named {
            return Ok(config);
        }
        let text = format!("it is of an image with {own} layers, and its manifest has {named}");
        Err(DocumentError::Content(text))
    }
}

/// Go's map from texts to empty structures.
fn keys<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    // What stands at the keys has no fields, and those that somebody writes all the same mean nothing.
    #[derive(Deserialize)]
    struct Empty {}
    let map = Option::<BTreeMap<String, Option<Empty>>>::deserialize(deserializer)?;
    Ok(map.unwrap_or_default().into_keys().collect())
}

fn as_keys<S: serde::Serializer>(set: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Empty {}
    serializer.collect_map(set.iter().map(|key| (key, Empty {})))
}
