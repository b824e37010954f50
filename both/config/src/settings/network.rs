//! Links, addresses, names and time.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Proxy;

/// The network of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Network {
    /// Links by their names in the configuration.
    pub links: BTreeMap<String, Link>,
    /// Name servers; empty for those that DHCP and router advertisements name.
    pub dns: Vec<IpAddr>,
    /// Search domains; empty for those of DHCP.
    pub search: Vec<String>,
    /// Lines of the hosts file beside the node's own.
    pub hosts: BTreeMap<IpAddr, Vec<String>>,
    /// NTP servers, names or addresses; empty for those of DHCP, and none if that names none.
    pub ntp: Vec<String>,
    /// How programs of the node reach hosts of the web; `None` for directly.
    pub proxy: Option<Proxy>,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Link {
    /// What it is.
    pub kind: LinkKind,
    /// Bytes of the largest packet; `None` leaves the driver's.
    pub mtu: Option<u32>,
    /// Its addresses and routes.
    pub addressing: Addressing,
}

/// What a link is made of. VLANs, bonds and bridges are made by the node and carry their name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LinkKind {
    /// A card, or several of them: each that fits gets these settings. A link of the configuration that names a card
    /// exactly goes before one that fits by MAC, that before one by driver, and that before a pattern of names, of which
    /// the one that says more goes first; then the first by name.
    Physical(Match),
    /// 802.1Q on top of another link of the configuration.
    Vlan {
        /// Name of the link below.
        link: String,
        /// 1 to 4094.
        id: u16,
    },
    /// Several links as one.
    Bond {
        /// Names of the links in it.
        links: Vec<String>,
        /// How they share the work.
        mode: BondMode,
    },
    /// A switch.
    Bridge {
        /// Names of the links in it; may be empty.
        links: Vec<String>,
        /// Spanning tree protocol.
        stp: bool,
    },
}

/// Which cards are meant. What is not set does not matter; at least one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Match {
    /// The kernel's name, in which `*` stands for anything.
    pub name: Option<String>,
    /// Six bytes, lower case with colons: the permanent address.
    pub mac: Option<String>,
    /// Driver.
    pub driver: Option<String>,
}

/// How links of a bond share the work: the modes of the kernel by their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BondMode {
    /// One works, the others wait.
    #[default]
    ActiveBackup,
    /// In turn.
    BalanceRr,
    /// By hash.
    BalanceXor,
    /// LACP.
    #[serde(rename = "802.3ad")]
    Lacp,
    /// Sending shared by load.
    BalanceTlb,
    /// Sending and receiving shared by load.
    BalanceAlb,
}

/// Addresses and routes of a link. A link without any is only brought up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Addressing {
    /// Ask for an IPv4 address.
    pub dhcp4: bool,
    /// Ask for an IPv6 address.
    pub dhcp6: bool,
    /// Make IPv6 addresses from what routers advertise, and take routes from them.
    pub slaac: bool,
    /// Fixed addresses with the length of their prefix.
    pub addresses: Vec<IpNet>,
    /// Fixed routes.
    pub routes: Vec<Route>,
    /// Metric of routes that DHCP brings, where links compete.
    pub metric: Option<u32>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// Where to; `0.0.0.0/0` or `::/0` for everything.
    pub to: IpNet,
    /// The next hop; `None` for what is on the link itself.
    pub via: Option<IpAddr>,
    /// The lower the better.
    pub metric: Option<u32>,
}
