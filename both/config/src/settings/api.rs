//! Who may use the API, and as what the node shows itself.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Api {
    /// Certificates of authorities, PEM, whose clients are let in. Without any the node is in maintenance.
    pub trusted: Vec<String>,
    /// What the node shows; `None` for one that it makes itself.
    pub certificate: Option<Certificate>,
    /// Networks that clients may come from; empty for any.
    pub allowed: Vec<IpNet>,
    /// SHA-256 of client certificates that are not let in any more, lower-case hexadecimal.
    pub revoked: Vec<String>,
    /// What one client may use.
    pub limits: Limits,
}

/// A certificate with its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Certificate {
    /// The chain, PEM, the node's own first.
    pub chain: String,
    /// The key, PKCS #8 in PEM. A secret.
    pub key: String,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// What clients may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at a time.
    pub connections: u32,
    /// Of these from one address.
    pub connections_per_client: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 512, connections_per_client: 64 }
    }
}
