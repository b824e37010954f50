//! What the parent says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use corten_config::settings::{Login, Proxy, Registry};
use corten_oci::digest::Digest;
use corten_oci::manifest::Platform;
use serde::{Deserialize, Serialize};

/// What is to be fetched, and from whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Order {
    /// Name of the image, with its registry.
    pub reference: String,
    /// What is known of the registry. Its login is shown to the registry alone, and to the token service that it names.
    pub registry: Registry,
    /// Who the node is at mirrors, by `HOST` or `HOST:PORT`.
    pub mirror_logins: BTreeMap<String, Login>,
    /// Certificates of authorities of the node, PEM.
    pub authorities: Vec<String>,
    /// Files with certificates of the authorities that the world trusts, PEM. One that is not there is left out.
    pub certificates: Vec<PathBuf>,
    /// Through whom the node speaks to the world.
    pub proxy: Option<Proxy>,
    /// For which machine.
    pub platform: Platform,
}

impl Order {
    /// An order for an image of which nothing is known but its name, for the platform of nodes.
    pub fn new(reference: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            registry: Registry::default(),
            mirror_logins: BTreeMap::new(),
            authorities: Vec::new(),
            certificates: Vec::new(),
            proxy: None,
            platform: Platform::linux_amd64(),
        }
    }
}

/// Which layers the parent wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Choice {
    /// By their digests; each is sent once.
    pub layers: Vec<Digest>,
}
