//! What is remembered of networks: subnets of bridges, and who has which place on them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use corten_config::settings::PublishedPort;
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ledger {
    /// Bridges by their names in the configuration. One is there as long as anybody has a place on it.
    pub bridges: BTreeMap<String, Bridge>,
    /// Workloads by name.
    pub members: BTreeMap<String, Member>,
}

/// Subnets of a bridge. The node has the first address of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bridge {
    /// Of IPv4.
    pub v4: Ipv4Net,
    /// Of IPv6.
    pub v6: Ipv6Net,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Member {
    /// Where it is.
    pub place: Place,
    /// Names beside its own.
    pub aliases: Vec<String>,
    /// Ports of the node that lead to it.
    pub ports: Vec<PublishedPort>,
    /// How far it is.
    pub stage: Stage,
}

/// Where a workload is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// By itself.
    Alone,
    /// On a bridge.
    Bridge {
        /// Its name.
        name: String,
        /// Which address of the bridge's subnets it has, 2 to 254.
        number: u8,
    },
}

/// How far a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Its place is kept for it, and nothing is there yet.
    Reserved,
    /// Something may be there, and not all of it: what was begun was not finished, or could not be undone.
    Begun,
    /// All of it is there.
    Joined,
}

impl Bridge {
    /// The address of IPv4 with this number.
    pub fn v4_at(&self, number: u8) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.v4.network().to_bits() + u32::from(number))
    }

    /// The address of IPv6 with this number.
    pub fn v6_at(&self, number: u8) -> Ipv6Addr {
        Ipv6Addr::from_bits(self.v6.network().to_bits() + u128::from(number))
    }

    /// Both addresses with this number.
    pub fn at(&self, number: u8) -> [IpAddr; 2] {
        [self.v4_at(number).into(), self.v6_at(number).into()]
    }

    /// The node's own addresses, where names are looked up.
    pub fn gateways(&self) -> [IpAddr; 2] {
        self.at(GATEWAY)
    }
}

/// Number of the node's own address on each bridge.
pub(super) const GATEWAY: u8 = 1;
/// Numbers of workloads: all others but the broadcast address.
pub(super) const NUMBERS: std::ops::RangeInclusive<u8> = 2..=254;

impl Ledger {
    /// The bridge of a workload with its name, and the workload's number on it. `None` if it is on none.
    pub fn bridge_of(&self, workload: &str) -> Option<(&str, Bridge, u8)> {
        let Place::Bridge { name, number } = &self.members.get(workload)?.place else { return None };
        Some((name, *self.bridges.get(name)?, *number))
    }

    /// Addresses of a workload that are its own.
    pub fn addresses(&self, workload: &str) -> Vec<IpAddr> {
        self.bridge_of(workload).map(|(_, bridge, number)| bridge.at(number).into()).unwrap_or_default()
    }

    /// Workloads of which something is there on a bridge.
    pub(super) fn on_bridges(&self) -> impl Iterator<Item = &str> {
        let is_there =
            |member: &Member| matches!(member.place, Place::Bridge { .. }) && member.stage != Stage::Reserved;
        self.members.iter().filter(move |(_, member)| is_there(member)).map(|(name, _)| name.as_str())
    }

    /// Whether anybody has joined a bridge.
    pub(super) fn is_in_use(&self, bridge: &str) -> bool {
        let is_on = |place: &Place| matches!(place, Place::Bridge { name, .. } if name == bridge);
        self.members.values().any(|member| member.stage == Stage::Joined && is_on(&member.place))
    }

    /// Forgets a workload, and its bridge if nobody else is on it.
    pub(super) fn release(&mut self, workload: &str) {
        self.members.remove(workload);
        let members = &self.members;
        let is_used = |bridge: &str| {
            members
                .values()
                .any(|member| matches!(&member.place, Place::Bridge { name, .. } if name == bridge))
        };
        self.bridges.retain(|name, _| is_used(name));
    }
}
