//! Leases that outlive this process, so that a restart keeps the addresses. They lie in memory and end with the boot,
//! as the clock does that their times are of.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::host;
use crate::dhcp::{v4, v6};
use crate::files::{self, FileError};

/// Where they lie below the root directory.
const LEASES_PATH: &str = "/run/corten/network/leases.json";

/// Leases by the kernel's names of their links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Memory {
    /// What each link has.
    pub(super) links: BTreeMap<String, Remembered>,
}

/// What a link has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Remembered {
    /// Address of the card that it was leased to.
    pub(super) mac: [u8; 6],
    /// Of IPv4.
    pub(super) v4: Option<v4::Lease>,
    /// Of IPv6.
    #[serde(default)]
    pub(super) v6: Option<v6::Lease>,
}

pub(super) fn read(root: &Path) -> Memory {
    files::read_json(&files::below(root, LEASES_PATH))
        .unwrap_or_else(|error| {
            host::log(&error.to_string());
            None
        })
        .unwrap_or_default()
}

pub(super) fn write(root: &Path, memory: &Memory) -> Result<(), FileError> {
    files::write_json(&files::below(root, LEASES_PATH), memory)
}
