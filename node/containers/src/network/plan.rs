//! Who gets which place: a pure function from what is remembered and what is wanted.
//!
//! A workload that has a place keeps it. The others get theirs in the order of their names, whatever the order in which
//! they are given: the first subnet that is free, and on it the lowest number.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corten_config::settings::{PublishedPort, Workload, WorkloadNetwork};
use ipnet::IpNet;

use super::ledger::{Bridge, Ledger, Member, NUMBERS, Place, Stage};
use super::names::{is_host_name, is_plain};
use super::subnets::{free_v4, free_v6};

/// What a plan has to know of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What tells this machine from others.
    pub machine: String,
    /// Networks that the node is in or has routes to, other than those of workloads.
    pub used: Vec<IpNet>,
}

/// Why a workload gets no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A name that files and links can't carry.
    #[error("{0:?} can't be the name of a workload, a bridge or an alias")]
    Name(String),
    /// The node uses every subnet.
    #[error("the node's own networks leave no subnet for bridge {0}")]
    NoSubnet(String),
    /// The bridge has no address left.
    #[error("bridge {bridge} is full: {} workloads are on it", NUMBERS.count())]
    Full {
        /// Its name.
        bridge: String,
    },
    /// Another workload has the port.
    #[error("port {port} of the node is published by {by} already")]
    PortTaken {
        /// The port.
        port: u16,
        /// The workload that has it.
        by: String,
    },
    /// An address from which nothing can lead to a workload.
    #[error("ports can't be published on {0}: the kernel sends nothing on from there")]
    Address(IpAddr),
}

/// What is remembered once all of `wanted` that can have a place have one, and why the others have none. One that is
/// there in another form keeps its place until it has left.
pub fn plan(
    ledger: &Ledger,
    wanted: &BTreeMap<&str, &Workload>,
    surroundings: &Surroundings,
) -> (Ledger, BTreeMap<String, PlanError>) {
    let mut next = ledger.clone();
    let mut problems = BTreeMap::new();
    for (name, workload) in wanted {
        if next.members.get(*name).is_some_and(|member| is_kept(member) && !is_for(member, workload)) {
            next.release(name);
        }
    }
    for (name, workload) in wanted {
        if next.members.contains_key(*name) {
            continue;
        }
        match member(&next, name, workload, surroundings) {
            Ok((member, bridge)) => {
                next.bridges.extend(bridge);
                next.members.insert((*name).to_owned(), member);
            }
            Err(problem) => {
                problems.insert((*name).to_owned(), problem);
            }
        }
    }
    (next, problems)
}

/// Whether a place is only kept, and nothing is there yet.
fn is_kept(member: &Member) -> bool {
    member.stage == Stage::Reserved
}

/// Whether a place is what a workload wants.
pub(super) fn is_for(member: &Member, workload: &Workload) -> bool {
    let is_there = match (&member.place, &workload.network) {
        (Place::Alone, WorkloadNetwork::None) => true,
        (Place::Bridge { name, .. }, WorkloadNetwork::Bridge { name: wanted }) => name == wanted,
        _ => false,
    };
    is_there && member.aliases == workload.aliases && member.ports == workload.ports
}

/// The place of one workload, with its bridge if that is new.
fn member(
    ledger: &Ledger,
    name: &str,
    workload: &Workload,
    surroundings: &Surroundings,
) -> Result<(Member, Option<(String, Bridge)>), PlanError> {
    if !is_plain(name) {
        return Err(PlanError::Name(name.to_owned()));
    }
    if let Some(wrong) = workload.aliases.iter().find(|alias| !is_host_name(alias)) {
        return Err(PlanError::Name(wrong.clone()));
    }
    for port in &workload.ports {
        if let Some(by) = holder(ledger, name, port) {
            return Err(PlanError::PortTaken { port: port.node_port, by: by.to_owned() });
        }
    }
    let (place, bridge) = match &workload.network {
        WorkloadNetwork::None | WorkloadNetwork::Host => (Place::Alone, None),
        WorkloadNetwork::Bridge { name: bridge } => {
            // What comes from ::1 may not leave the node, and there is no switch for it as there is for 127.0.0.1.
            let own = |address: &IpAddr| matches!(address, IpAddr::V6(address) if address.is_loopback());
            if let Some(address) = workload.ports.iter().filter_map(|port| port.address).find(own) {
                return Err(PlanError::Address(address));
            }
            on_bridge(ledger, bridge, surroundings)?
        }
    };
    let (aliases, ports) = (workload.aliases.clone(), workload.ports.clone());
    Ok((Member { place, aliases, ports, stage: Stage::Reserved }, bridge))
}

fn on_bridge(
    ledger: &Ledger,
    bridge: &str,
    surroundings: &Surroundings,
) -> Result<(Place, Option<(String, Bridge)>), PlanError> {
    if !is_plain(bridge) {
        return Err(PlanError::Name(bridge.to_owned()));
    }
    let taken: Vec<u8> = ledger
        .members
        .values()
        .filter_map(|member| match &member.place {
            Place::Bridge { name, number } if name == bridge => Some(*number),
            _ => None,
        })
        .collect();
    let full = || PlanError::Full { bridge: bridge.to_owned() };
    let number = NUMBERS.into_iter().find(|number| !taken.contains(number)).ok_or_else(full)?;
    let place = Place::Bridge { name: bridge.to_owned(), number };
    if ledger.bridges.contains_key(bridge) {
        return Ok((place, None));
    }
    let mut used = surroundings.used.clone();
    used.extend(ledger.bridges.values().flat_map(|bridge| [IpNet::V4(bridge.v4), IpNet::V6(bridge.v6)]));
    let none = || PlanError::NoSubnet(bridge.to_owned());
    let v4 = free_v4(&used).ok_or_else(none)?;
    let v6 = free_v6(&surroundings.machine, bridge, &used).ok_or_else(none)?;
    Ok((place, Some((bridge.to_owned(), Bridge { v4, v6 }))))
}

/// Another workload that has this port of the node.
fn holder<'a>(ledger: &'a Ledger, workload: &str, port: &PublishedPort) -> Option<&'a str> {
    let same = |one: &PublishedPort| {
        let is_common = |one: Option<IpAddr>, other: Option<IpAddr>| match (one, other) {
            (Some(one), Some(other)) if one.is_ipv4() != other.is_ipv4() => false,
            (Some(one), Some(other)) => one == other || one.is_unspecified() || other.is_unspecified(),
            _ => true,
        };
        one.node_port == port.node_port
            && one.protocol == port.protocol
            && is_common(one.address, port.address)
    };
    let others = ledger.members.iter().filter(|(name, _)| *name != workload);
    others.filter(|(_, member)| member.ports.iter().any(same)).map(|(name, _)| name.as_str()).next()
}

#[cfg(test)]
mod tests;
