//! What Linux does with a step beside what the step says: which routes end with an address, what a bond does to its
//! members. The tests in network namespaces compare it with the kernel's own mind.

use super::{Action, Address, AddressOwner, Ipv6, Kind, Link, Make, Observed};

/// Bytes of the largest packet of a link that has just been made.
const NEW_MTU: u32 = 1500;
/// What a link that has just been made does with router advertisements, unless `conf/default` says otherwise.
const NEW_IPV6: Ipv6 = Ipv6 { accept: 1, autoconf: 1 };

impl Observed {
    /// Changes this into what will be there after `action`.
    pub fn apply(&mut self, action: &Action) {
        match action {
            Action::CreateLink { link, make } => self.create(link, make),
            Action::DeleteLink { link } => self.delete(link),
            Action::SetMaster { link, master } => self.set_master(link, master.as_deref()),
            Action::SetMtu { link, mtu } => self.set_mtu(link, *mtu),
            Action::SetSpanningTree { link, stp } => {
                self.change(link, |link| link.kind = Kind::Bridge { stp: *stp });
            }
            Action::SetIpv6 { link, ipv6 } => self.change(link, |link| link.ipv6 = Some(*ipv6)),
            Action::SetUp { link } => self.change(link, |link| link.up = true),
            Action::SetDown { link } => self.set_down(link),
            Action::AddAddress { link, net } => {
                let address = Address { link: link.clone(), net: *net, owner: AddressOwner::Ours };
                self.addresses.insert(address);
            }
            Action::RemoveAddress { link, net } => {
                self.addresses.retain(|address| !(address.link == *link && address.net == *net));
                // Without any IPv4 address a link has no IPv4 routes (fib_disable_ip).
                let is_old = |net: &ipnet::IpNet| net.addr().is_ipv4();
                if is_old(net) && !self.addresses.iter().any(|one| one.link == *link && is_old(&one.net)) {
                    self.routes.retain(|route| route.link != *link || !is_old(&route.to));
                }
            }
            Action::AddRoute(route) => {
                self.routes.insert(route.clone());
            }
            Action::RemoveRoute(route) => self.routes.retain(|other| !other.is_same_way(route)),
        }
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.get_mut(name) {
            change(link);
        }
    }

    fn create(&mut self, name: &str, make: &Make) {
        let below = match make {
            Make::Vlan { below, .. } => self.links.get(below),
            Make::Bond { .. } | Make::Bridge { .. } => None,
        };
        let link = Link {
            // The kernel chooses a number; none is needed before it has.
            index: 0,
            kind: make.kind(),
            ours: true,
            managed: false,
            mac: below.and_then(|below| below.mac),
            permanent: None,
            driver: None,
            mtu: below.map_or(NEW_MTU, |below| below.mtu),
            up: false,
            carrier: false,
            master: None,
            ipv6: Some(NEW_IPV6),
        };
        self.links.insert(name.to_owned(), link);
    }

    fn delete(&mut self, name: &str) {
        let members: Vec<String> =
            self.links.iter().filter(|(_, link)| link.master.as_deref() == Some(name)).map(own).collect();
        for member in members {
            self.set_master(&member, None);
        }
        self.links.remove(name);
        self.addresses.retain(|address| address.link != name);
        self.routes.retain(|route| route.link != name);
        for above in self.vlans_on(name) {
            self.delete(&above);
        }
    }

    fn set_master(&mut self, name: &str, master: Option<&str>) {
        let old = self.links.get(name).and_then(|link| link.master.clone());
        let is_bond =
            |name: &str| self.links.get(name).is_some_and(|link| matches!(link.kind, Kind::Bond { .. }));
        // A bond closes a member that leaves it and opens one that comes.
        let (left_bond, joins_bond) = (old.as_deref().is_some_and(is_bond), master.is_some_and(is_bond));
        if left_bond {
            self.set_down(name);
        }
        let mtu =
            master.filter(|_| joins_bond).and_then(|master| self.links.get(master)).map(|bond| bond.mtu);
        self.change(name, |link| {
            link.master = master.map(ToOwned::to_owned);
            link.up |= joins_bond;
        });
        if let Some(mtu) = mtu {
            self.set_mtu(name, mtu);
        }
    }

    fn set_mtu(&mut self, name: &str, mtu: u32) {
        self.change(name, |link| link.mtu = mtu);
        for above in self.vlans_on(name) {
            if self.links.get(&above).is_some_and(|link| link.mtu > mtu) {
                self.set_mtu(&above, mtu);
            }
        }
        if self.links.get(name).is_some_and(|link| matches!(link.kind, Kind::Bond { .. })) {
            let members: Vec<String> =
                self.links.iter().filter(|(_, link)| link.master.as_deref() == Some(name)).map(own).collect();
            for member in members {
                self.set_mtu(&member, mtu);
            }
        }
    }

    /// A link that is switched off loses its routes and its IPv6 addresses, and takes the VLANs on it along.
    fn set_down(&mut self, name: &str) {
        self.change(name, |link| {
            link.up = false;
            link.carrier = false;
        });
        self.routes.retain(|route| route.link != name);
        self.addresses.retain(|address| address.link != name || address.net.addr().is_ipv4());
        for above in self.vlans_on(name) {
            self.set_down(&above);
        }
    }

    fn vlans_on(&self, name: &str) -> Vec<String> {
        let is_above =
            |link: &Link| matches!(&link.kind, Kind::Vlan { below: Some(below), .. } if below == name);
        self.links.iter().filter(|(_, link)| is_above(link)).map(own).collect()
    }
}

fn own((name, _): (&String, &Link)) -> String {
    name.clone()
}
