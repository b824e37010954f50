//! The firewall, as the text that `nft` takes: one table of our own, replaced as a whole, so that the old rules or the
//! new ones hold at any moment. netavark keeps a table of its own for workloads, and what it may do is said here
//! ([`workloads`]).
//!
//! Packets of known connections leave at the first rules. What is open to everybody is one look-up in a set whatever
//! the number of ports; what is open to some is looked through rule by rule, but only for ports that any such rule
//! names, so a thousand rules cost a flood to closed ports nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use corten_config::settings::{Allow, Firewall, PortRange, Transport};
use ipnet::IpNet;

use crate::order::WorkloadPort;

pub mod workloads;

/// ICMP that a node needs to work and to be asked whether it lives.
const ICMP: &str = "destination-unreachable, echo-request, parameter-problem, time-exceeded";
/// What RFC 4890, section 4.4, wants let in to a host, from anywhere.
const ICMPV6: &str =
    "destination-unreachable, echo-reply, echo-request, packet-too-big, parameter-problem, time-exceeded";
/// The same from neighbours alone: these were never forwarded.
const NEIGHBOURS: &str = "ind-neighbor-advert, ind-neighbor-solicit, nd-neighbor-advert, nd-neighbor-solicit, \
                          nd-redirect, nd-router-advert, nd-router-solicit";
/// Listener queries and reports of multicast.
const MULTICAST: &str = "mld-listener-done, mld-listener-query, mld-listener-report, mld2-listener-report";

/// What is let in to the API.
#[derive(Clone, Copy, Debug, Default)]
pub struct Api<'a> {
    /// TCP ports.
    pub ports: &'a [u16],
    /// From where; empty for anywhere.
    pub allowed: &'a [IpNet],
}

/// The rules for `nft -f`: the table is made anew. `published` are ports of workloads that have the node's own network.
pub fn ruleset(firewall: &Firewall, api: Api<'_>, published: &[WorkloadPort]) -> String {
    let ports: Vec<PortRange> =
        api.ports.iter().map(|port| PortRange { first: *port, last: *port }).collect();
    let own = Allow { protocol: Transport::Tcp, ports, from: api.allowed.to_vec() };
    let published_everywhere: Vec<Allow> = workloads::everywhere(published).collect();
    let rules: Vec<&Allow> =
        std::iter::once(&own).chain(&firewall.allow).chain(&published_everywhere).collect();
    let tcp = Openings::of(&rules, Transport::Tcp);
    let udp = Openings::of(&rules, Transport::Udp);

    // The first line makes the table if there is none, so that deleting it never fails.
    let mut text = String::from("table inet corten\ndelete table inet corten\ntable inet corten {\n");
    for (name, openings) in [("tcp", &tcp), ("udp", &udp)] {
        openings.write_chain(name, &mut text);
    }
    workloads::write_chains(&mut text);
    let mut inbound = vec![
        "iif lo accept".to_owned(),
        "ct state vmap { established : accept, related : accept, invalid : drop }".to_owned(),
        format!("icmp type {{ {ICMP} }} accept"),
        format!("icmpv6 type {{ {ICMPV6} }} accept"),
        format!("ip6 hoplimit 255 icmpv6 type {{ {NEIGHBOURS} }} accept"),
        format!("ip6 saddr fe80::/10 icmpv6 type {{ {MULTICAST} }} accept"),
        "ip protocol igmp accept".to_owned(),
        workloads::inbound(),
        "udp sport 67 udp dport 68 accept".to_owned(),
        "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept".to_owned(),
    ];
    inbound.extend(tcp.rules("tcp"));
    inbound.extend(udp.rules("udp"));
    inbound.extend(workloads::by_address(published, Transport::Tcp, "tcp"));
    inbound.extend(workloads::by_address(published, Transport::Udp, "udp"));
    write_base("inbound", "input", "drop", &inbound, &mut text);
    write_base("forward", "forward", "accept", &[workloads::forward()], &mut text);
    write_base("outbound", "output", "accept", &[], &mut text);
    text.push_str("}\n");
    text
}

/// What is open for one protocol.
struct Openings {
    /// Ports for everybody.
    everybody: Vec<PortRange>,
    /// Ports for some, by who they are.
    some: BTreeMap<Vec<IpNet>, Vec<PortRange>>,
}

impl Openings {
    fn of(rules: &[&Allow], protocol: Transport) -> Self {
        let mut openings = Self { everybody: Vec::new(), some: BTreeMap::new() };
        for rule in rules.iter().filter(|rule| rule.protocol == protocol) {
            if rule.from.is_empty() {
                openings.everybody.extend(&rule.ports);
            } else {
                openings.some.entry(IpNet::aggregate(&rule.from)).or_default().extend(&rule.ports);
            }
        }
        openings.everybody = merged(openings.everybody);
        openings.some = openings.some.into_iter().map(|(from, ports)| (from, merged(ports))).collect();
        openings.some.retain(|_, ports| !ports.is_empty());
        openings
    }

    /// Rules of the inbound chain.
    fn rules(&self, name: &str) -> Vec<String> {
        let mut rules = Vec::new();
        if !self.everybody.is_empty() {
            rules.push(format!("{name} dport {} accept", set(&self.everybody)));
        }
        let limited = merged(self.some.values().flatten().copied().collect());
        if !limited.is_empty() {
            rules.push(format!("{name} dport {} jump limited_{name}", set(&limited)));
        }
        rules
    }

    /// The chain for ports that are not for everybody.
    fn write_chain(&self, name: &str, text: &mut String) {
        if self.some.is_empty() {
            return;
        }
        let _ = writeln!(text, "\tchain limited_{name} {{");
        for (from, ports) in &self.some {
            let (old, new): (Vec<IpNet>, Vec<IpNet>) = from.iter().partition(|net| net.addr().is_ipv4());
            for (nets, family, field) in [(old, "ipv4", "ip"), (new, "ipv6", "ip6")] {
                // A set can't hold everything.
                let who = match nets.as_slice() {
                    [] => continue,
                    [all] if all.prefix_len() == 0 => format!("meta nfproto {family}"),
                    _ => format!("{field} saddr {{ {} }}", list(&nets)),
                };
                let _ = writeln!(text, "\t\t{who} {name} dport {} accept", set(ports));
            }
        }
        text.push_str("\t}\n");
    }
}

fn write_base(name: &str, hook: &str, policy: &str, rules: &[String], text: &mut String) {
    let _ =
        writeln!(text, "\tchain {name} {{\n\t\ttype filter hook {hook} priority filter; policy {policy};");
    for rule in rules {
        let _ = writeln!(text, "\t\t{rule}");
    }
    text.push_str("\t}\n");
}

/// The same ports in order and without overlaps, which sets of `nft` do not take.
fn merged(mut ports: Vec<PortRange>) -> Vec<PortRange> {
    ports.retain(|range| range.first <= range.last);
    ports.sort_by_key(|range| range.first);
    let mut merged: Vec<PortRange> = Vec::with_capacity(ports.len());
    for range in ports {
        match merged.last_mut() {
            Some(last) if u32::from(range.first) <= u32::from(last.last) + 1 => {
                last.last = last.last.max(range.last);
            }
            _ => merged.push(range),
        }
    }
    merged
}

fn set(ports: &[PortRange]) -> String {
    let text = |range: &PortRange| match range {
        PortRange { first, last } if first == last => first.to_string(),
        PortRange { first, last } => format!("{first}-{last}"),
    };
    format!("{{ {} }}", ports.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn list(nets: &[IpNet]) -> String {
    nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
