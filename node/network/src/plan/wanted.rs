//! What the settings mean for the links that are there: each gets its settings, what leases bring is added, and what
//! can't be had is said.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use corten_config::settings::{self, BondMode, LinkKind, Network};
use ipnet::IpNet;

use super::matching::cards;
use super::{Ipv6, Kind, Observed, Route, RouteOwner};
use crate::dhcp;
use crate::firewall::workloads::LINK_PREFIX;
use crate::state::Source;

/// Metric of IPv6 routes that name none: what the kernel makes of 0 (IP6_RT_PRIO_USER).
const IPV6_METRIC: u32 = 1024;

/// What shall be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Links by the kernel's names.
    pub links: BTreeMap<String, WantedLink>,
    /// The same names: what is below goes before what stands on it.
    pub order: Vec<String>,
    /// What can't be had.
    pub problems: Vec<Problem>,
}

/// What a link shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLink {
    /// Name in the configuration.
    pub configured_as: String,
    /// How it is made; `None` for a card.
    pub make: Option<Make>,
    /// The bond or bridge that it is in.
    pub master: Option<String>,
    /// Bytes of the largest packet; `None` for as it is.
    pub mtu: Option<u32>,
    /// How what routers advertise is taken.
    pub ipv6: Ipv6,
    /// Whether to ask for an IPv4 address.
    pub dhcp4: bool,
    /// Whether to ask for an IPv6 address.
    pub dhcp6: bool,
    /// Addresses and where they are from.
    pub addresses: BTreeMap<IpNet, Source>,
    /// Routes.
    pub routes: BTreeSet<Route>,
}

/// How a link is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the settings")]
pub enum Make {
    /// 802.1Q on top of the link that the kernel calls `below`.
    Vlan { below: String, id: u16 },
    /// Several as one.
    Bond { mode: BondMode },
    /// A switch.
    Bridge { stp: bool },
}

/// Something that is not as ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kernel's name of the link; `None` if it is about none that is there.
    pub link: Option<String>,
    /// What, and why.
    pub text: String,
}

/// What servers leased on a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkLease {
    /// Metric of its routes where the configuration names none.
    pub metric: u32,
    /// Of IPv4.
    pub v4: Option<dhcp::v4::Lease>,
    /// Of IPv6.
    pub v6: Option<dhcp::v6::Lease>,
}

impl Wanted {
    /// What `network` means for the links of `observed`, with `leases` by the kernel's names.
    pub fn of(observed: &Observed, network: &Network, leases: &BTreeMap<String, LinkLease>) -> Self {
        let mut wanted = Self::default();
        let cards = cards(observed, network);
        for (kernel, name) in &cards {
            wanted.add(kernel, name, None, network);
        }
        for (name, link) in &network.links {
            let is_card = matches!(link.kind, LinkKind::Physical(_));
            if is_card && !cards.values().any(|used| used == name) {
                wanted.complain(None, format!("link {name}: no card fits"));
            }
        }
        wanted.add_made(observed, network);
        wanted.add_members(network);
        for (kernel, link) in &mut wanted.links {
            let settings = network.links.get(&link.configured_as);
            let addressing = settings.map(|settings| &settings.addressing);
            // What is part of a bond or bridge speaks through it alone.
            if let Some(addressing) = addressing.filter(|_| link.master.is_none()) {
                link.address(kernel, addressing, leases.get(kernel));
            }
        }
        wanted.share_sizes();
        wanted.drop_repeated_routes();
        wanted
    }

    /// Links from below upwards.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, &WantedLink)> {
        self.order.iter().filter_map(|name| self.links.get(name).map(|link| (name.as_str(), link)))
    }

    pub(super) fn has_route(&self, route: &Route) -> bool {
        let Some(link) = self.links.get(&route.link) else { return false };
        match route.owner {
            RouteOwner::Router => link.ipv6.accept != 0,
            _ => link.routes.iter().any(|wanted| wanted.is_same_way(route)),
        }
    }

    fn complain(&mut self, link: Option<&str>, text: String) {
        self.problems.push(Problem { link: link.map(ToOwned::to_owned), text });
    }

    fn add(&mut self, kernel: &str, name: &str, make: Option<Make>, network: &Network) {
        let settings = network.links.get(name);
        let link = WantedLink {
            configured_as: name.to_owned(),
            make,
            master: None,
            mtu: settings.and_then(|settings| settings.mtu),
            ipv6: Ipv6 { accept: 0, autoconf: 0 },
            dhcp4: false,
            dhcp6: false,
            addresses: BTreeMap::new(),
            routes: BTreeSet::new(),
        };
        self.links.insert(kernel.to_owned(), link);
        self.order.push(kernel.to_owned());
    }

    /// Adds links that the node makes: round by round those whose link below is there.
    fn add_made(&mut self, observed: &Observed, network: &Network) {
        let mut waiting: Vec<(&String, &settings::Link)> =
            network.links.iter().filter(|(_, link)| !matches!(link.kind, LinkKind::Physical(_))).collect();
        loop {
            let before = waiting.len();
            waiting.retain(|(name, link)| {
                let Some(make) = self.make(&link.kind) else { return true };
                if name.starts_with(LINK_PREFIX) {
                    let why = format!("names that begin with {LINK_PREFIX:?} are for bridges of workloads");
                    self.complain(None, format!("link {name}: {why}"));
                } else if observed.links.get(*name).is_some_and(|link| !link.ours) {
                    self.complain(None, format!("link {name}: a link of this name is there and is not ours"));
                } else {
                    self.add(name, name, Some(make), network);
                }
                false
            });
            if waiting.len() == before {
                break;
            }
        }
        for (name, link) in waiting {
            if let LinkKind::Vlan { link: below, .. } = &link.kind {
                self.complain(None, format!("link {name}: {below}, which it stands on, is not there"));
            }
        }
    }

    /// How a link is made; `None` while what it stands on is not there.
    fn make(&self, kind: &LinkKind) -> Option<Make> {
        match kind {
            LinkKind::Physical(_) => None,
            LinkKind::Vlan { link, id } => {
                // Where several cards have the settings of the link below, the first by name it is.
                let below = self.kernel_names(link).next()?.to_owned();
                Some(Make::Vlan { below, id: *id })
            }
            LinkKind::Bond { mode, .. } => Some(Make::Bond { mode: *mode }),
            LinkKind::Bridge { stp, .. } => Some(Make::Bridge { stp: *stp }),
        }
    }

    fn kernel_names<'a>(&'a self, configured: &'a str) -> impl Iterator<Item = &'a str> {
        self.links
            .iter()
            .filter(move |(_, link)| link.configured_as == configured)
            .map(|(name, _)| name.as_str())
    }

    fn add_members(&mut self, network: &Network) {
        for (master, settings) in &network.links {
            let (LinkKind::Bond { links, .. } | LinkKind::Bridge { links, .. }) = &settings.kind else {
                continue;
            };
            if !self.links.contains_key(master) {
                continue;
            }
            for member in links {
                let kernel: Vec<String> = self.kernel_names(member).map(ToOwned::to_owned).collect();
                if kernel.is_empty() {
                    self.complain(Some(master), format!("{member}, which belongs into it, is not there"));
                }
                for name in kernel {
                    self.add_member(&name, master);
                }
            }
        }
    }

    fn add_member(&mut self, name: &str, master: &str) {
        if self.is_below(master, name) {
            self.complain(Some(name), format!("can't be part of {master}, which it is made of"));
            return;
        }
        let Some(link) = self.links.get_mut(name) else { return };
        match &link.master {
            Some(other) if other != master => {
                let text = format!("can't be part of {master}, since it is part of {other}");
                self.complain(Some(name), text);
            }
            _ => link.master = Some(master.to_owned()),
        }
    }

    /// A bond and its members have one size.
    fn share_sizes(&mut self) {
        let bonds = self.links.iter().filter(|(_, link)| matches!(link.make, Some(Make::Bond { .. })));
        let sizes: Vec<(String, u32)> =
            bonds.filter_map(|(name, bond)| Some((name.clone(), bond.mtu?))).collect();
        for (bond, mtu) in sizes {
            for member in self.links.values_mut().filter(|link| link.master.as_ref() == Some(&bond)) {
                member.mtu = Some(mtu);
            }
        }
    }

    /// Whether `lower` is `upper`, a part of it, or what it stands on, at whatever depth.
    fn is_below(&self, lower: &str, upper: &str) -> bool {
        let mut seen = BTreeSet::from([upper.to_owned()]);
        let mut open = vec![upper.to_owned()];
        while let Some(name) = open.pop() {
            if name == lower {
                return true;
            }
            let stands_on = self.links.get(&name).and_then(|link| match &link.make {
                Some(Make::Vlan { below, .. }) => Some(below.clone()),
                _ => None,
            });
            let parts = self.links.iter().filter(|(_, link)| link.master.as_ref() == Some(&name));
            let next: Vec<String> = parts.map(|(name, _)| name.clone()).chain(stands_on).collect();
            open.extend(next.into_iter().filter(|name| seen.insert(name.clone())));
        }
        false
    }

    /// The kernel holds one IPv4 route for a destination and metric; of two that are wanted the first by link stays.
    fn drop_repeated_routes(&mut self) {
        let mut seen = BTreeSet::new();
        let mut repeated = Vec::new();
        for (name, link) in &mut self.links {
            link.routes.retain(|route| {
                let is_new = seen.insert((route.to, route.metric));
                if !is_new {
                    let text = format!(
                        "the route to {} with metric {} is there already, by another way",
                        route.to, route.metric
                    );
                    repeated.push(Problem { link: Some(name.clone()), text });
                }
                is_new
            });
        }
        self.problems.extend(repeated);
    }
}

impl Make {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Vlan { below, id } => Kind::Vlan { below: Some(below.clone()), id: *id },
            Self::Bond { mode } => Kind::Bond { mode: Some(*mode) },
            Self::Bridge { stp } => Kind::Bridge { stp: *stp },
        }
    }
}

impl WantedLink {
    fn address(&mut self, kernel: &str, addressing: &settings::Addressing, lease: Option<&LinkLease>) {
        // Default routes of IPv6 come from routers, also where a server gives the addresses.
        self.ipv6.accept = if addressing.slaac || addressing.dhcp6 { 2 } else { 0 };
        self.ipv6.autoconf = u8::from(addressing.slaac);
        self.dhcp4 = addressing.dhcp4;
        self.dhcp6 = addressing.dhcp6;
        for net in &addressing.addresses {
            self.addresses.insert(*net, Source::Static);
        }
        let v4 = lease.and_then(|lease| lease.v4.as_ref()).filter(|_| addressing.dhcp4);
        if let Some(v4) = v4 {
            self.addresses.entry(v4.address.into()).or_insert(Source::Dhcp4);
            self.mtu = self.mtu.or(v4.mtu);
        }
        let v6 = lease.and_then(|lease| lease.v6.as_ref()).filter(|_| addressing.dhcp6);
        if let Some(v6) = v6 {
            // Alone: what else is on the link, routers say.
            self.addresses.entry(IpNet::from(IpAddr::from(v6.address))).or_insert(Source::Dhcp6);
        }
        let route = |to: IpNet, via: Option<IpAddr>, metric, owner| Route {
            link: kernel.to_owned(),
            to: to.trunc(),
            via,
            metric,
            onlink: false,
            owner,
        };
        for one in &addressing.routes {
            let metric = one.metric.unwrap_or(if one.to.addr().is_ipv4() { 0 } else { IPV6_METRIC });
            self.routes.insert(route(one.to, one.via, metric, RouteOwner::Static));
        }
        if let (Some(v4), Some(lease)) = (v4, lease) {
            let metric = addressing.metric.unwrap_or(lease.metric);
            for one in &v4.routes {
                self.routes.insert(route(one.to.into(), one.via.map(Into::into), metric, RouteOwner::Dhcp));
            }
        }
        self.mark_onlink();
    }

    /// Next hops that neither an address nor another route puts on the link are said to be on it: providers give hosts
    /// addresses of their own with a router elsewhere.
    fn mark_onlink(&mut self) {
        let on_link: Vec<IpNet> = self
            .addresses
            .keys()
            .copied()
            .chain(self.routes.iter().filter(|route| route.via.is_none()).map(|route| route.to))
            .collect();
        let is_covered = |via: IpAddr| match via {
            IpAddr::V6(via) if via.is_unicast_link_local() => true,
            via => on_link.iter().any(|net| net.contains(&via) && net.addr() != via),
        };
        let routes = std::mem::take(&mut self.routes).into_iter();
        self.routes = routes
            .map(|route| Route { onlink: route.via.is_some_and(|via| !is_covered(via)), ..route })
            .collect();
    }
}

#[cfg(test)]
mod tests;
