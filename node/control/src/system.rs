//! What a machine is to be, as far as only root can make it so: written by the agent from its settings, read by a child
//! of init for [`crate::Request::Apply`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where it is written.
pub const SYSTEM_PATH: &str = "/run/corten/settings/system.json";

/// Bytes of the largest file that is read.
pub const MAX_SYSTEM: u64 = 1 << 20;

/// What the machine is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct System {
    /// Host name; `None` for the image's.
    pub hostname: Option<String>,
    /// Kernel settings by their names of sysctl(8). What was set so before and is not any more gets back what it was.
    pub sysctl: BTreeMap<String, String>,
    /// Modules to load.
    pub modules: Vec<String>,
    /// Disks to mount, by name. What was mounted so before and is not wanted any more is unmounted.
    pub disks: BTreeMap<String, Disk>,
}

/// A disk that holds one ext4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Disk {
    /// Its name in the kernel, if that matters.
    pub name: Option<String>,
    /// Its serial number, if that matters.
    pub serial: Option<String>,
    /// Label that it gets when it is formatted.
    pub label: String,
    /// Where it is mounted, below `/var/mnt`.
    pub mount: String,
}

/// Not a description of a machine.
#[derive(Debug, thiserror::Error)]
#[error("{SYSTEM_PATH}: {0}")]
pub struct NoSystem(#[from] serde_json::Error);

impl System {
    /// Reads what the agent wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoSystem> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// As it is written.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
