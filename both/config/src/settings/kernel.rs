//! Kernel settings and modules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the kernel is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Kernel {
    /// Settings by their names of sysctl(8), over those of the image.
    pub sysctl: BTreeMap<String, String>,
    /// Modules of the image to load.
    pub modules: Vec<String>,
}
