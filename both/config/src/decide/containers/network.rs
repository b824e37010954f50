//! Where workloads have their network, and what they are called there.

use std::collections::{BTreeMap, BTreeSet};

use corten_document::{Court, KeyPath};

use super::super::placed::text_keys;
use crate::settings::{Workload, WorkloadNetwork};
use crate::types::Label;

/// The bridge of those workloads that name none.
const DEFAULT: &str = "default";

/// Tables of links that the node makes, by names that a bridge's link could have.
const LINKS: [&str; 3] = ["vlans", "bonds", "bridges"];

/// The network of a workload that says nothing.
pub(super) fn usual() -> WorkloadNetwork {
    WorkloadNetwork::Bridge { name: DEFAULT.to_owned() }
}

pub(super) fn check(workloads: &BTreeMap<String, Workload>, court: &mut Court<'_>) {
    let top = KeyPath::of(&["workloads"]);
    let mut bridges = BTreeSet::new();
    for (name, workload) in workloads {
        let key = top.key(name);
        let first = |list: &str| key.key(list).item(0);
        let network = ("the network is said here", &key.key("network"));
        match &workload.network {
            WorkloadNetwork::Bridge { name: bridge } => {
                if bridges.insert(bridge) {
                    link(bridge, &key, court);
                }
            }
            WorkloadNetwork::None if !workload.ports.is_empty() => {
                let message = "a workload with `network = \"none\"` can't be reached by a port".to_owned();
                court.conflict(message, &first("ports"), network);
            }
            WorkloadNetwork::None | WorkloadNetwork::Host => {}
        }
        let is_on_bridge = matches!(workload.network, WorkloadNetwork::Bridge { .. });
        if !is_on_bridge && !workload.aliases.is_empty() {
            let message = "aliases are names on a bridge, and this workload is on none".to_owned();
            court.conflict(message, &first("aliases"), network);
            continue;
        }
        let keys = text_keys::<Label>(&key.key("aliases"), court);
        for (item, alias) in keys.iter().zip(&workload.aliases) {
            if let Some(other) = workloads.get(alias).filter(|other| other.network == workload.network) {
                let WorkloadNetwork::Bridge { name: bridge } = &other.network else { continue };
                let message = format!("`{alias}` is the name of a workload on the bridge `{bridge}`");
                court.conflict(message, item, ("that one", &top.key(alias)));
            }
        }
    }
}

/// The link of a bridge is none of those that the configuration makes by itself.
fn link(bridge: &str, workload: &KeyPath, court: &mut Court<'_>) {
    let link = format!("ctn-{bridge}");
    for table in LINKS {
        let key = KeyPath::of(&["network", table, &link]);
        if court.origins.tree().at(&key).is_some() {
            let message = format!("`{link}` is the link of the bridge `{bridge}` of workloads");
            court.conflict(message, &key, ("one of them", workload));
        }
    }
}
