//! Disks beside the one that the node runs from.

use serde::{Deserialize, Serialize};

/// A disk that holds one file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Disk {
    /// Which one.
    pub disk: DiskMatch,
    /// What it is formatted with, if it holds nothing at all. What holds anything else is left alone.
    pub file_system: FileSystem,
    /// Label of the file system, 16 bytes at most.
    pub label: String,
    /// Where it is mounted, below `/var/mnt`.
    pub mount: String,
}

/// Which disk is meant. What is not set does not matter; at least one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DiskMatch {
    /// The kernel's name: `vdb`.
    pub name: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
}

/// A file system that the node can make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileSystem {
    /// The one of the state.
    #[default]
    Ext4,
}
