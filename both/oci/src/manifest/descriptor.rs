//! Descriptors and platforms (OCI image specification, descriptor.md and image-index.md).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::json::null_is_default;

/// Free texts by key.
pub type Annotations = BTreeMap<String, String>;

/// Fields that mean nothing here, by name. They are kept where a document is written again.
pub type Other = BTreeMap<String, serde_json::Value>;

/// Leads to a blob: what it is, how large, what it hashes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the blob is; one of [`crate::media`] where it is of use here.
    pub media_type: String,
    /// What it hashes to.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Free texts.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
    /// What the image runs on; for manifests of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What an artifact is that is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What else is written there, `urls` for example; kept as it is.
    #[serde(flatten)]
    pub other: Other,
}

impl Descriptor {
    /// A descriptor of these bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// A descriptor of a blob.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            annotations: Annotations::new(),
            platform: None,
            artifact_type: None,
            other: Other::new(),
        }
    }
}

/// What an image runs on, in the words of Go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Architecture of the processor, `amd64`.
    pub architecture: String,
    /// Operating system, `linux`.
    pub os: String,
    /// Kind of the processor, `v8` of an arm64 or `v3` of an amd64.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Version of the operating system; only Windows has one.
    #[serde(
        rename = "os.version",
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub os_version: String,
    /// What else is written there, `os.features` for example; kept as it is.
    #[serde(flatten)]
    pub other: Other,
}

impl Platform {
    /// The platform of nodes.
    pub fn linux_amd64() -> Self {
        Self {
            architecture: "amd64".into(),
            os: "linux".into(),
            variant: String::new(),
            os_version: String::new(),
            other: Other::new(),
        }
    }

    /// Whether an image for `other` runs on this platform. `v1` of an amd64 is every amd64; one that needs a later
    /// processor does not match, since nobody knows the processor here.
    pub fn runs(&self, other: &Self) -> bool {
        let variant = |platform: &Self| match (platform.architecture.as_str(), platform.variant.as_str()) {
            ("amd64", "v1") | ("arm64", "v8") => String::new(),
            (_, variant) => variant.to_owned(),
        };
        self.os == other.os && self.architecture == other.architecture && variant(self) == variant(other)
    }
}

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no platform: expected OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, linux/amd64 for example")]
pub struct NoPlatform(String);

impl FromStr for Platform {
    type Err = NoPlatform;

    fn from_str(text: &str) -> Result<Self, NoPlatform> {
        let is_word =
            |part: &&str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_alphanumeric());
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [os, architecture, ref variant @ ..] if variant.len() < 2 && parts.iter().all(is_word) => {
                Ok(Self {
                    os: os.to_owned(),
                    architecture: architecture.to_owned(),
                    variant: variant.concat(),
                    os_version: String::new(),
                    other: Other::new(),
                })
            }
            _ => Err(NoPlatform(text.chars().take(160).collect())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}
