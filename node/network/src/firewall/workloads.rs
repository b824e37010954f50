//! What the firewall says of workloads: what the node takes from them, what reaches them, and ports of those that have
//! the node's own network.
//!
//! netavark keeps a table of its own in which it translates addresses and drops nothing: without these rules whoever
//! sets a route to a workload's addresses past the node reaches all of its ports, and groups of workloads reach each
//! other. What is published comes through translated, from anywhere, other groups included.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use corten_config::settings::{Allow, PortRange, Transport};

use super::{merged, set};
use crate::order::WorkloadPort;

/// What names of bridges of workloads begin with. No link of a configuration may be called so. Changing it makes a node
/// that is updated without a restart close these bridges.
pub const LINK_PREFIX: &str = "ctn-";

/// From a workload to the node. Names are looked up at the address that the node has on this very bridge. What belongs
/// to the loopback is nobody's but the node's, though netavark has the kernel accept such packets here so that published
/// ports can be reached under 127.0.0.1 too. And nobody there is the node's DHCP server.
const FROM: [&str; 3] = [
    "meta l4proto { tcp, udp } th dport 53 fib daddr . iif type local accept",
    "ip daddr 127.0.0.0/8 drop",
    "udp dport { 68, 546 } drop",
];

/// To a workload. Where the kernel shows bridged packets to this firewall too (bridge-nf-call-iptables), what stays on
/// one bridge is let through: its way leads back to where it came from. Packets for several are never routed.
fn to() -> [String; 5] {
    let from_bridge = format!("iifname \"{LINK_PREFIX}*\"");
    [
        "ct state { established, related } accept".to_owned(),
        "ct status dnat accept".to_owned(),
        format!("{from_bridge} fib daddr . iif oif exists accept"),
        format!("{from_bridge} pkttype {{ broadcast, multicast }} accept"),
        "drop".to_owned(),
    ]
}

/// Writes the chains that base chains jump to.
pub(super) fn write_chains(text: &mut String) {
    for (name, rules) in [("from_workloads", &FROM.map(ToOwned::to_owned)[..]), ("to_workloads", &to())] {
        let _ = writeln!(text, "\tchain {name} {{\n\t\t{}\n\t}}", rules.join("\n\t\t"));
    }
}

/// The rule of the inbound chain.
pub(super) fn inbound() -> String {
    format!("iifname \"{LINK_PREFIX}*\" jump from_workloads")
}

/// The rule of the forward chain.
pub(super) fn forward() -> String {
    format!("oifname \"{LINK_PREFIX}*\" jump to_workloads")
}

/// Ports that are open under all addresses.
pub(super) fn everywhere(ports: &[WorkloadPort]) -> impl Iterator<Item = Allow> {
    ports.iter().filter(|one| one.address.is_none()).map(|one| Allow {
        protocol: one.protocol,
        ports: vec![PortRange { first: one.port, last: one.port }],
        from: Vec::new(),
    })
}

/// Rules for ports that are open under some addresses only. The loopback is open anyway, to the node alone.
pub(super) fn by_address(ports: &[WorkloadPort], protocol: Transport, name: &str) -> Vec<String> {
    let mut found: BTreeMap<IpAddr, Vec<PortRange>> = BTreeMap::new();
    for one in ports.iter().filter(|one| one.protocol == protocol) {
        if let Some(address) = one.address.filter(|address| !address.is_loopback()) {
            found.entry(address).or_default().push(PortRange { first: one.port, last: one.port });
        }
    }
    let rule = |(address, ports): (IpAddr, Vec<PortRange>)| {
        // What stands for all addresses of a family can't be compared with one.
        let to = match address {
            IpAddr::V4(address) if address.is_unspecified() => "meta nfproto ipv4".to_owned(),
            IpAddr::V6(address) if address.is_unspecified() => "meta nfproto ipv6".to_owned(),
            IpAddr::V4(address) => format!("ip daddr {address}"),
            IpAddr::V6(address) => format!("ip6 daddr {address}"),
        };
        format!("{to} {name} dport {} accept", set(&merged(ports)))
    };
    found.into_iter().map(rule).collect()
}
