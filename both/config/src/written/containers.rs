//! `[containers]` and `[registries]`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{CertificateChain, HostPath, Mirror, Named, Password, PublicKey, RegistryUser, Verify};

/// What containers of the node may be.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Containers {
    /// Folders of the node that containers may be given, with everything below them; none unless written otherwise.
    pub host_paths: Option<Vec<HostPath>>,
    /// Whether programs may be started in running containers, and files copied, through the API; `false` unless written
    /// otherwise.
    pub allow_exec: Option<bool>,
    /// Whether containers that look for faults may join the pid, network and ipc namespaces of running ones, whatever
    /// those may: as root with every capability, no seccomp profile and no masked paths; `false` unless written
    /// otherwise.
    pub allow_debug: Option<bool>,
    /// Percent of the disk in use from which on images that nothing uses are removed; 85 unless written otherwise.
    #[schemars(range(min = 2, max = 99))]
    pub disk_high_percent: Option<u8>,
    /// Percent at which enough were removed; 75 unless written otherwise.
    #[schemars(range(min = 1, max = 98))]
    pub disk_low_percent: Option<u8>,
}

impl Read for Containers {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            host_paths: table.texts("host-paths"),
            allow_exec: table.boolean("allow-exec"),
            allow_debug: table.boolean("allow-debug"),
            disk_high_percent: table.integer("disk-high-percent", 2..=99).map(|percent| percent as u8),
            disk_low_percent: table.integer("disk-low-percent", 1..=98).map(|percent| percent as u8),
        }
    }
}

/// What is known of a registry.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Registry {
    /// Where its images are looked for first, in this order: `https://mirror.example.org`. The registry itself comes
    /// last.
    pub mirrors: Option<Vec<Mirror>>,
    /// Whether the registry itself is spoken to without TLS; `false` unless written otherwise.
    pub plain_http: Option<bool>,
    /// Certificates of authorities that it and its mirrors may be signed by, PEM, beside those of the node.
    pub authorities: Option<Vec<CertificateChain>>,
    /// Who the node is there. Goes with `password`.
    pub user: Option<RegistryUser>,
    /// Password or token of `user`. A secret: the node never shows it.
    pub password: Option<Password>,
    /// Which of its images may run: all with `none`, those that are named by digest with `digest`, those with a
    /// signature in cosign's format with `signature`. `none` unless written otherwise.
    pub verify: Option<Named<Verify>>,
    /// Public keys, PEM, one of which has signed what may run. Goes with `verify = "signature"`.
    pub keys: Option<Vec<PublicKey>>,
}

impl Read for Registry {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            mirrors: table.texts("mirrors"),
            plain_http: table.boolean("plain-http"),
            authorities: table.texts("authorities"),
            user: table.text("user"),
            password: table.secret("password"),
            verify: table.text("verify"),
            keys: table.texts("keys"),
        }
    }
}
