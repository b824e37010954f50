//! What has to be well for the node to be healthy.

use serde::{Deserialize, Serialize};

/// A check that is made again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Probe {
    /// What is asked.
    pub target: Target,
    /// Seconds between two checks.
    pub interval_seconds: u32,
    /// Seconds that an answer may take.
    pub timeout_seconds: u32,
    /// How often in a row it may fail before the node counts as unhealthy.
    pub failures: u32,
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Target {
    /// Somebody has to listen.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// Has to answer with a status from 200 to 299.
    Http {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// Path with its leading slash.
        path: String,
    },
}
