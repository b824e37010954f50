//! What the kernel has, as far as a plan cares.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use corten_config::settings::BondMode;
use ipnet::IpNet;

/// Links, addresses and routes of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Links by name.
    pub links: BTreeMap<String, Link>,
    /// Addresses of all links.
    pub addresses: BTreeSet<Address>,
    /// Unicast routes of the main table, with one next hop.
    pub routes: BTreeSet<Route>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of the kernel that have nothing to do with each other"
)]
pub struct Link {
    /// The kernel's number of it.
    pub index: u32,
    /// What it is.
    pub kind: Kind,
    /// Whether this program made it.
    pub ours: bool,
    /// Whether an order that was carried out configured it.
    pub managed: bool,
    /// Its address, if it is one of Ethernet.
    pub mac: Option<[u8; 6]>,
    /// The address that its card has by itself.
    pub permanent: Option<[u8; 6]>,
    /// Its driver.
    pub driver: Option<String>,
    /// Bytes of the largest packet.
    pub mtu: u32,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is on and carries packets.
    pub carrier: bool,
    /// The bond or bridge that it is in.
    pub master: Option<String>,
    /// How it takes what routers advertise; `None` without IPv6.
    pub ipv6: Option<Ipv6>,
}

/// What a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A card: the kernel's driver of hardware, or of what a hypervisor shows as such.
    Card,
    /// The link to itself.
    Loopback,
    /// 802.1Q.
    Vlan {
        /// The link below, if it is in the same network namespace.
        below: Option<String>,
        /// Its number.
        id: u16,
    },
    /// Several as one.
    Bond {
        /// `None` for a mode that no configuration has.
        mode: Option<BondMode>,
    },
    /// A switch.
    Bridge {
        /// Spanning tree protocol.
        stp: bool,
    },
    /// Anything else: ends of containers, tunnels.
    Other,
}

/// How a link takes what routers advertise (`ip-sysctl` of the kernel's documentation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ipv6 {
    /// `accept_ra`: 0 for nothing, 2 for routes and prefixes even where the node forwards.
    pub accept: u8,
    /// `autoconf`: 1 to make addresses from prefixes.
    pub autoconf: u8,
}

/// An address of a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Name of the link.
    pub link: String,
    /// The address with the length of its prefix.
    pub net: IpNet,
    /// Who set it.
    pub owner: AddressOwner,
}

/// Who set an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressOwner {
    /// This program.
    Ours,
    /// The kernel, from what a router advertised.
    Slaac,
    /// Somebody else.
    Foreign,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Name of the link that it leaves by.
    pub link: String,
    /// Where to.
    pub to: IpNet,
    /// The next hop.
    pub via: Option<IpAddr>,
    /// The lower the better.
    pub metric: u32,
    /// Whether the next hop is taken to be on the link though no address says so.
    pub onlink: bool,
    /// Who set it.
    pub owner: RouteOwner,
}

/// Who set a route: the protocol that it is marked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteOwner {
    /// This program, from the configuration (`static`).
    Static,
    /// This program, from a lease (`dhcp`).
    Dhcp,
    /// The kernel, from what a router advertised (`ra`).
    Router,
    /// Somebody else.
    Foreign,
}

impl Route {
    /// Whether both lead to the same place the same way, whoever set them.
    pub fn is_same_way(&self, other: &Self) -> bool {
        (&self.link, self.to, self.via, self.metric, self.onlink)
            == (&other.link, other.to, other.via, other.metric, other.onlink)
    }
}

impl Observed {
    pub(super) fn has_address(&self, link: &str, net: IpNet) -> bool {
        self.addresses.iter().any(|address| address.link == link && address.net == net)
    }

    pub(super) fn has_route(&self, route: &Route) -> bool {
        self.routes.iter().any(|other| other.is_same_way(route))
    }
}
