//! A configuration as written: one struct a table, nothing filled in, nothing decided.
//!
//! The comments on the fields are what the JSON Schema tells the users of an editor.

mod api;
mod container;
mod containers;
mod links;
mod machine;
mod mounts;
mod network;
mod services;
mod short;
mod workloads;

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

pub use api::{Api, Certificates, Limits};
pub use container::{Check, Container, Resources};
pub use containers::{Containers, Registry};
pub use links::{Addressing, Bond, Bridge, Link, Match, Route, Vlan};
pub use machine::{Disk, DiskMatch, Identity, Kernel, Storage};
pub use mounts::{Mount, Variable};
pub use network::{Network, Proxy};
pub use services::{Allow, Firewall, Health, LogTarget, Logging, Metrics, Probe};
pub(crate) use short::written_out;
pub use workloads::Workload;

use crate::types::{Label, RegistryName, SecretText};

/// The version of the form of documents that this reads.
pub const VERSION: i64 = 1;

/// The configuration of a machine. Documents are laid over one another: tables are merged by their keys, and a later
/// value takes the place of an earlier one. A list is one value: the later one replaces the earlier one as a whole.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields, title = "Corten machine configuration")]
pub struct Configuration {
    /// Version of the form of this document: 1.
    #[schemars(with = "i64", range(min = 1, max = 1))]
    pub version: Option<i64>,
    /// Who the machine is.
    pub identity: Option<Identity>,
    /// Links, addresses, names and time.
    pub network: Option<Network>,
    /// Who may use the API. Without any trusted authority the node is in maintenance.
    pub api: Option<Api>,
    /// Which authorities programs of the node trust beside those of the image.
    pub certificates: Option<Certificates>,
    /// Kernel settings and modules.
    pub kernel: Option<Kernel>,
    /// Disks beside the one that the node runs from.
    pub storage: Option<Storage>,
    /// What is let in beside the API, ICMP and answers.
    pub firewall: Option<Firewall>,
    /// Where log lines are sent to.
    pub logging: Option<Logging>,
    /// What has to be well for the node to be healthy.
    pub health: Option<Health>,
    /// Metrics on a port of their own.
    pub metrics: Option<Metrics>,
    /// What containers of the node may be.
    pub containers: Option<Containers>,
    /// What is known of registries of images, by `HOST` or `HOST:PORT`; `*` stands for all that are not named.
    pub registries: Option<BTreeMap<RegistryName, Registry>>,
    /// Texts that workloads are given and nobody is shown, by names of your choice.
    pub secrets: Option<BTreeMap<Label, SecretText>>,
    /// Containers that the node keeps running, by names of your choice.
    pub workloads: Option<BTreeMap<Label, Workload>>,
}

impl Read for Configuration {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            version: table.required_integer("version", VERSION..=VERSION),
            identity: table.table("identity"),
            network: table.table("network"),
            api: table.table("api"),
            certificates: table.table("certificates"),
            kernel: table.table("kernel"),
            storage: table.table("storage"),
            firewall: table.table("firewall"),
            logging: table.table("logging"),
            health: table.table("health"),
            metrics: table.table("metrics"),
            containers: table.table("containers"),
            registries: table.tables("registries"),
            secrets: table.text_map("secrets"),
            workloads: table.tables("workloads"),
        }
    }
}

// A string or an integer. What a comment says here would take the place of what a field says.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "the reader turns either into text")]
enum Setting {
    Text(String),
    Integer(i64),
}

/// A map, an empty one where nothing is written.
pub(crate) fn entries<K, V>(map: Option<&BTreeMap<K, V>>) -> impl Iterator<Item = (&K, &V)> {
    map.into_iter().flatten()
}
