//! One step of a plan: one request to the kernel.

use std::fmt;

use ipnet::IpNet;

use super::{Ipv6, Make, Route};

/// A step. Links go by name, since those that a plan makes have no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say no more than their names")]
pub enum Action {
    /// Make a link.
    CreateLink { link: String, make: Make },
    /// Remove a link of our own making.
    DeleteLink { link: String },
    /// Put a link into a bond or bridge, or take it out.
    SetMaster { link: String, master: Option<String> },
    /// Set the bytes of the largest packet.
    SetMtu { link: String, mtu: u32 },
    /// Switch the spanning tree protocol of a bridge.
    SetSpanningTree { link: String, stp: bool },
    /// Say how what routers advertise is taken.
    SetIpv6 { link: String, ipv6: Ipv6 },
    /// Switch a link on.
    SetUp { link: String },
    /// Switch a link off.
    SetDown { link: String },
    /// Give a link an address.
    AddAddress { link: String, net: IpNet },
    /// Take an address from a link.
    RemoveAddress { link: String, net: IpNet },
    /// Add a route.
    AddRoute(Route),
    /// Remove a route.
    RemoveRoute(Route),
}

impl Action {
    /// The link that it is about.
    pub fn link(&self) -> &str {
        match self {
            Self::CreateLink { link, .. }
            | Self::DeleteLink { link }
            | Self::SetMaster { link, .. }
            | Self::SetMtu { link, .. }
            | Self::SetSpanningTree { link, .. }
            | Self::SetIpv6 { link, .. }
            | Self::SetUp { link }
            | Self::SetDown { link }
            | Self::AddAddress { link, .. }
            | Self::RemoveAddress { link, .. } => link,
            Self::AddRoute(route) | Self::RemoveRoute(route) => &route.link,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateLink { link, make } => match make {
                Make::Vlan { below, id } => write!(f, "make {link}, VLAN {id} on {below}"),
                Make::Bond { mode } => write!(f, "make {link}, a bond of mode {mode:?}"),
                Make::Bridge { .. } => write!(f, "make {link}, a bridge"),
            },
            Self::DeleteLink { link } => write!(f, "delete {link}"),
            Self::SetMaster { link, master: Some(master) } => write!(f, "put {link} into {master}"),
            Self::SetMaster { link, master: None } => write!(f, "take {link} out"),
            Self::SetMtu { link, mtu } => write!(f, "set mtu of {link} to {mtu}"),
            Self::SetSpanningTree { link, stp } => write!(f, "set spanning tree of {link} to {stp}"),
            Self::SetIpv6 { link, ipv6 } => {
                write!(f, "set accept_ra of {link} to {} and autoconf to {}", ipv6.accept, ipv6.autoconf)
            }
            Self::SetUp { link } => write!(f, "bring {link} up"),
            Self::SetDown { link } => write!(f, "take {link} down"),
            Self::AddAddress { link, net } => write!(f, "add address {net} to {link}"),
            Self::RemoveAddress { link, net } => write!(f, "remove address {net} from {link}"),
            Self::AddRoute(route) => write!(f, "add route {route}"),
            Self::RemoveRoute(route) => write!(f, "remove route {route}"),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {}", self.to)?;
        if let Some(via) = self.via {
            write!(f, " via {via}")?;
        }
        write!(f, " on {} metric {}", self.link, self.metric)
    }
}
