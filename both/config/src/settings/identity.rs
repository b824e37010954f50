//! Who the machine is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Name and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Identity {
    /// Host name, RFC 1123; `None` for what DHCP says, else the image's.
    pub hostname: Option<String>,
    /// What people sort machines by.
    pub labels: BTreeMap<String, String>,
}
