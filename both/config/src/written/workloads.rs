//! `[workloads.…]`.

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use super::{Container, Setting};
use crate::types::{Cron, Label, Named, NetworkName, Published, RoleName, RuntimeName};

/// Containers that share a network and live together.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Workload {
    /// Its containers, by names of your choice; at least one.
    pub containers: Option<BTreeMap<Label, Container>>,
    /// Where its network is: `host` for that of the node, `none` for one that leads nowhere, else the name of a bridge
    /// that all workloads with the same one share. `default` unless written otherwise.
    pub network: Option<NetworkName>,
    /// Ports of the node that lead to it: `["8080:80", "127.0.0.1:8443:443", "[2001:db8::1]:53:53/udp"]`. One number is
    /// the same port on both sides.
    #[schemars(with = "Option<Vec<Setting>>")]
    pub ports: Option<Vec<Published>>,
    /// Names beside its own under which other workloads on its bridge find it.
    pub aliases: Option<Vec<Label>>,
    /// Workloads that are ready before this one starts.
    pub after: Option<Vec<Label>>,
    /// When it runs, in UTC: the five fields of cron, `0 3 * * *`, or one of `@hourly`, `@daily`, `@weekly`, `@monthly`
    /// and `@yearly`. It runs always unless written otherwise.
    pub schedule: Option<Cron>,
    /// Whether the node is unhealthy while it is; `false` unless written otherwise.
    pub essential: Option<bool>,
    /// Role with which it may use the node's local API; without one it can't.
    pub system: Option<Named<RoleName>>,
    /// Whether it is given containerd's socket, which makes it root of the node; `false` unless written otherwise. Goes
    /// with `system = "admin"`.
    pub containerd: Option<bool>,
    /// Name of an OCI runtime that the image of the node holds; its first one unless written otherwise.
    pub runtime: Option<RuntimeName>,
    /// Seconds between the signal that ends a container and SIGKILL; 10 unless written otherwise. A node that goes down
    /// gives all its workloads together what its recipe gives the service `containers`.
    #[schemars(range(min = 0, max = 3600))]
    pub stop_seconds: Option<u32>,
}

impl Read for Workload {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            containers: table.tables("containers"),
            network: table.text("network"),
            ports: table.settings("ports"),
            aliases: table.texts("aliases"),
            after: table.texts("after"),
            schedule: table.text("schedule"),
            essential: table.boolean("essential"),
            system: table.text("system"),
            containerd: table.boolean("containerd"),
            runtime: table.text("runtime"),
            stop_seconds: table.integer("stop-seconds", 0..=3600).map(|seconds| seconds as u32),
        }
    }
}
