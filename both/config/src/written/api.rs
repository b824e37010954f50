//! `[api]` and `[certificates]`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{CertificateChain, Fingerprint, Network, PrivateKey};

/// Most connections that may be written.
const CONNECTIONS: std::ops::RangeInclusive<i64> = 1..=65536;

/// Who may use the API.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Api {
    /// Certificates of the authorities whose clients are let in, PEM.
    pub trusted: Option<Vec<CertificateChain>>,
    /// Networks that clients may come from; from anywhere unless written otherwise.
    pub allowed: Option<Vec<Network>>,
    /// SHA-256 of client certificates that are not let in any more: 64 digits.
    pub revoked: Option<Vec<Fingerprint>>,
    /// What the node shows, PEM: its certificate first. Goes with `key`; without both the node makes its own.
    pub certificate: Option<CertificateChain>,
    /// Private key of `certificate`, PKCS #8 in PEM. A secret: the node never shows it.
    pub key: Option<PrivateKey>,
    /// What clients may use.
    pub limits: Option<Limits>,
}

impl Read for Api {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            trusted: table.texts("trusted"),
            allowed: table.texts("allowed"),
            revoked: table.texts("revoked"),
            certificate: table.text("certificate"),
            key: table.secret("key"),
            limits: table.table("limits"),
        }
    }
}

/// What clients may use.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Connections at a time; 512 unless written otherwise.
    #[schemars(range(min = 1, max = 65536))]
    pub connections: Option<u32>,
    /// Of these from one address; 64 unless written otherwise.
    #[schemars(range(min = 1, max = 65536))]
    pub connections_per_client: Option<u32>,
}

impl Read for Limits {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            connections: table.integer("connections", CONNECTIONS).map(|count| count as u32),
            connections_per_client: table
                .integer("connections-per-client", CONNECTIONS)
                .map(|count| count as u32),
        }
    }
}

/// Which authorities programs of the node trust.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Certificates {
    /// Certificates of authorities, PEM, beside those of the image.
    pub authorities: Option<Vec<CertificateChain>>,
}

impl Read for Certificates {
    fn read(table: &mut Table<'_>) -> Self {
        Self { authorities: table.texts("authorities") }
    }
}
