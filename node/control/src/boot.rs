//! What this start is, as init found it: for programs that can't look themselves.

use serde::{Deserialize, Serialize};

/// Where init writes it, once, before any service starts.
pub const BOOT_PATH: &str = "/run/corten/boot.json";

/// A start of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Boot {
    /// Name of the disk that the system runs from: `vda`.
    pub disk: String,
    /// Label of the partition with the running root.
    pub slot: String,
    /// Name of the EFI system partition that the loader started from: `vda1`; `None` where no loader did.
    pub esp: Option<String>,
    /// VERSION_ID of the running image.
    pub version: String,
    /// dm-verity root hash of the running root, hexadecimal.
    pub root_hash: String,
    /// Whether the firmware said that it started signed programs alone.
    pub secure_boot: bool,
    /// Identity of the machine; empty without a state.
    pub machine_id: String,
    /// Why the node is in maintenance: what failed, why, and what a person can do. Empty where it is not.
    pub maintenance: String,
}
