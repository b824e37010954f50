//! Ports of the node that lead to workloads: each to one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corten_document::{Court, KeyPath, Problem};

use super::super::API_PORT;
use super::super::placed::setting_keys;
use crate::settings::{PublishedPort, Transport, Workload, WorkloadNetwork};
use crate::types::Published;

/// The keys of what is published so far, by protocol and port, and below that by address. `None`, for all of them,
/// comes first.
type Taken = BTreeMap<(Transport, u16), BTreeMap<Option<IpAddr>, KeyPath>>;

pub(super) fn check(workloads: &BTreeMap<String, Workload>, metrics: Option<u16>, court: &mut Court<'_>) {
    let top = KeyPath::of(&["workloads"]);
    let mut taken = Taken::new();
    for (name, workload) in workloads {
        let workload_key = top.key(name);
        let keys = setting_keys::<Published>(&workload_key.key("ports"), court);
        for (key, port) in keys.into_iter().zip(&workload.ports) {
            if workload.network == WorkloadNetwork::Host && port.node_port != port.port {
                let (node_port, inner) = (port.node_port, port.port);
                let message = format!(
                    "with the node's own network port {node_port} can't lead to another one, {inner}"
                );
                court.conflict(message, &key, ("the network is said here", &workload_key.key("network")));
            }
            loopback(port, &workload.network, &key, court);
            own(port, metrics, &key, court);
            twice(port, key, &mut taken, court);
        }
    }
}

/// What comes from `::1` may not leave the node, and there is no switch for it as there is for 127.0.0.1.
fn loopback(port: &PublishedPort, network: &WorkloadNetwork, key: &KeyPath, court: &mut Court<'_>) {
    let is_own = matches!(port.address, Some(IpAddr::V6(address)) if address.is_loopback());
    if is_own && matches!(network, WorkloadNetwork::Bridge { .. }) {
        let message =
            "the kernel sends nothing on from [::1], and no port there leads to a bridge".to_owned();
        let help = "publish it on 127.0.0.1, or write `network = \"host\"`".to_owned();
        court.complain(&Problem::Conflict(message), key, Some(help));
    }
}

/// The ports that the node itself listens on, on all addresses.
fn own(port: &PublishedPort, metrics: Option<u16>, key: &KeyPath, court: &mut Court<'_>) {
    if port.protocol != Transport::Tcp {
        return;
    }
    if port.node_port == API_PORT {
        let message = format!("port {API_PORT} is the API's");
        court.complain(&Problem::Conflict(message), key, None);
    } else if Some(port.node_port) == metrics {
        let message = format!("port {} is that of metrics", port.node_port);
        court.conflict(message, key, ("it is said here", &KeyPath::of(&["metrics", "port"])));
    }
}

fn twice(port: &PublishedPort, key: KeyPath, taken: &mut Taken, court: &mut Court<'_>) {
    let same = taken.entry((port.protocol, port.node_port)).or_default();
    let other = match port.address {
        None => same.values().next(),
        Some(_) => same.get(&None).or_else(|| same.get(&port.address)),
    };
    if let Some(other) = other {
        let protocol = match port.protocol {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        };
        let message = format!("{protocol} port {} of the node is published twice", port.node_port);
        court.conflict(message, &key, ("the other is here", other));
    }
    same.entry(port.address).or_insert(key);
}
