//! The container images that the root holds, for what starts containers from them.
//!
//! Each layer lies once as a tree of files, named by its diff id, the digest of its archive before compression. It is a
//! layer of overlayfs as it is: what it takes away is a character device 0:0, and a directory that hides what lies below
//! has the attribute `trusted.overlay.opaque`. So the trees of an image, stacked, are its root file system, and nothing
//! has to be unpacked. Owners, modes and file capabilities are those of the image; root alone gets to them, and whoever
//! mounts them for the node itself mounts them nosuid.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Where images lie in the root. Nothing below is a program of the node.
pub const IMAGES_PATH: &str = "/usr/lib/corten/images";

/// Where the index lies: [`Images`] as JSON. A root without images has none.
pub const IMAGES_INDEX_PATH: &str = "/usr/lib/corten/images/index.json";

/// Where the tree of a layer lies, by the hexadecimal digits of its diff id.
pub fn layer_path(diff_id: &str) -> String {
    format!("{IMAGES_PATH}/layers/{diff_id}")
}

/// Every image of the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The images, by name.
    pub images: Vec<Image>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// The name that workloads use, as the recipe has it: `web:1`.
    pub name: String,
    /// Digest of its manifest: `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Digest of the index that it is listed in, where it is one of several platforms. A name with this digest means
    /// this image as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_digest: Option<String>,
    /// Digest of its configuration, in the same form. With other tools it is the image's id.
    pub config_digest: String,
    /// When it was made, as it says itself: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// How containers of it run.
    pub config: ImageConfig,
    /// The layers, bottom first.
    pub layers: Vec<ImageLayer>,
}

impl Image {
    /// Bytes of all files of its layers.
    pub fn bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.bytes).sum()
    }
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImageLayer {
    /// Diff id, its hexadecimal digits: 64 of SHA-256. [`layer_path`] says where it lies.
    pub diff_id: String,
    /// Bytes of its files; one with several names counts once.
    pub bytes: u64,
    /// Number of its files, directories and links.
    pub entries: u64,
}

/// How containers of an image run, in the names and the form of the OCI image specification's `config`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ImageConfig {
    /// `USER`, `USER:GROUP`, names or numbers; empty for root.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Ports that it listens on: `PORT/PROTOCOL`.
    #[serde(with = "keys", skip_serializing_if = "BTreeSet::is_empty")]
    pub exposed_ports: BTreeSet<String>,
    /// Variables, `NAME=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// What is run, before any arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Arguments, or what is run where there is no entry point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Paths with data that lasts longer than a container.
    #[serde(with = "keys", skip_serializing_if = "BTreeSet::is_empty")]
    pub volumes: BTreeSet<String>,
    /// Where it is run; empty for `/`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// What its makers say of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Signal that ends it; empty for SIGTERM.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
}

/// Sets as the specification has them: the keys of an object whose values are empty objects.
mod keys {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::{Deserialize as _, Deserializer, Serialize, Serializer};

    #[derive(Serialize)]
    struct Empty {}

    pub fn serialize<S: Serializer>(set: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(set.iter().map(|key| (key, Empty {})))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
        Ok(BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?.into_keys().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_the_form_of_the_specification_and_leaves_out_what_is_empty() {
        let config = ImageConfig {
            exposed_ports: BTreeSet::from(["80/tcp".to_owned()]),
            env: vec!["A=1".into()],
            working_dir: "/srv".into(),
            ..ImageConfig::default()
        };
        let text = serde_json::to_string(&config).expect("it can be written");
        assert_eq!(text, r#"{"ExposedPorts":{"80/tcp":{}},"Env":["A=1"],"WorkingDir":"/srv"}"#);
        assert_eq!(serde_json::from_str::<ImageConfig>(&text).expect("it can be read"), config);
    }
}
