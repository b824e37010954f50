//! DHCP clients of all links: started and stopped as is wanted, and told what becomes of their links.

mod advertised;
mod v4;
mod v6;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv6Addr};

use tokio::sync::mpsc;

use self::advertised::Servers;
use super::host;
use super::leases::{Memory, Remembered};
use crate::dhcp;
use crate::netlink::Advertised;
use crate::plan::{LinkLease, Observed, Wanted, WantedLink};
use crate::state::Source;

/// Metric of the routes of a lease, to which the number of the link is added: links that compete are told apart, always
/// the same way.
const METRIC: u32 = 1024;

/// A packet that a socket of a client read.
#[derive(Debug)]
pub(super) struct Packet {
    link: String,
    family: Family,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Family {
    V4,
    V6,
}

/// What servers and routers offer beside addresses.
#[derive(Debug, Default)]
pub(super) struct Offered {
    pub(super) dns: Vec<IpAddr>,
    pub(super) search: Vec<String>,
    pub(super) ntp: Vec<IpAddr>,
    pub(super) hostname: Option<String>,
}

/// All clients.
#[derive(Debug)]
pub(super) struct Clients {
    links: BTreeMap<String, Running>,
    /// What an earlier process leased, or a link that went away.
    memory: Memory,
    packets: mpsc::Sender<Packet>,
    servers: Servers,
}

/// Clients of a link.
#[derive(Debug)]
struct Running {
    index: u32,
    mac: [u8; 6],
    v4: Option<v4::Runner>,
    v6: Option<v6::Runner>,
}

/// Where a client runs.
struct At<'a> {
    name: &'a str,
    index: u32,
    packets: &'a mpsc::Sender<Packet>,
}

impl At<'_> {
    fn say(&self, text: &str) {
        host::log(&format!("DHCP on {}: {text}", self.name));
    }

    /// Says what failed. What it was will be tried again, since servers that do not answer are asked again.
    fn tell<T, E: Display>(&self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.say(&error.to_string())).ok()
    }
}

impl Clients {
    pub(super) fn new(memory: Memory, packets: mpsc::Sender<Packet>) -> Self {
        Self { links: BTreeMap::new(), memory, packets, servers: Servers::default() }
    }

    /// Starts, stops and tells clients what became of their links. True if leases, or what is said of clients, changed.
    pub(super) fn follow(&mut self, observed: &Observed, wanted: &Wanted, hostname: Option<&str>) -> bool {
        let mut changed = false;
        let is_same = |(name, running): &(&String, &Running)| {
            let link = observed.links.get(*name);
            link.is_some_and(|link| link.index == running.index && link.mac == Some(running.mac))
        };
        let gone: Vec<String> =
            self.links.iter().filter(|one| !is_same(one)).map(|(name, _)| name.clone()).collect();
        for name in gone {
            self.forget(&name);
            changed = true;
        }
        let is_asking = |link: &WantedLink| link.dhcp4 || link.dhcp6;
        for (name, _) in wanted.links.iter().filter(|(_, link)| is_asking(link)) {
            if let Some((link, mac)) = observed.links.get(name).and_then(|link| Some((link, link.mac?))) {
                let index = link.index;
                let running = Running { index, mac, v4: None, v6: None };
                self.links.entry(name.clone()).or_insert(running);
            }
        }
        let Self { links, memory, packets, .. } = self;
        links.retain(|name, running| {
            let mut remembered = memory.links.remove(name).filter(|one| one.mac == running.mac);
            let at = At { name, index: running.index, packets };
            let wanted = wanted.links.get(name);
            let v4 = remembered.as_mut().and_then(|one| one.v4.take());
            changed |= running.follow_v4(&at, wanted.is_some_and(|link| link.dhcp4), hostname, v4);
            let v6 = remembered.as_mut().and_then(|one| one.v6.take());
            changed |= running.follow_v6(&at, wanted.is_some_and(|link| link.dhcp6), v6);
            let carrier = observed.links.get(name).is_some_and(|link| link.carrier);
            if let Some(runner) = &mut running.v4 {
                changed |= runner.set_up(&at, carrier);
            }
            if let Some(runner) = &mut running.v6 {
                changed |= runner.set_own(&at, own_address(observed, name).filter(|_| carrier));
            }
            running.v4.is_some() || running.v6.is_some()
        });
        changed
    }

    /// Drops the clients of a link that went away, and keeps their leases in case that it comes back.
    fn forget(&mut self, name: &str) {
        if let Some(running) = self.links.remove(name) {
            self.memory.links.insert(name.to_owned(), running.remembered());
        }
    }

    /// Hands a packet to its client. True as with [`Clients::follow`].
    pub(super) fn receive(&mut self, packet: &Packet) -> bool {
        let Self { links, packets, .. } = self;
        let Some(running) = links.get_mut(&packet.link) else { return false };
        let at = At { name: &packet.link, index: running.index, packets };
        let payload = packet.payload.as_slice();
        match packet.family {
            Family::V4 => {
                running.v4.as_mut().is_some_and(|one| one.handle(&at, dhcp::v4::Event::Received(payload)))
            }
            Family::V6 => {
                running.v6.as_mut().is_some_and(|one| one.handle(&at, dhcp::v6::Event::Received(payload)))
            }
        }
    }

    /// Lets clients do what is due. True as with [`Clients::follow`].
    pub(super) fn tick(&mut self) -> bool {
        let now = host::now().ms;
        let is_due = |time: Option<u64>| time.is_some_and(|time| time <= now);
        let mut changed = self.servers.expire(now);
        let Self { links, packets, .. } = self;
        for (name, running) in links {
            let at = At { name, index: running.index, packets };
            if let Some(runner) = running.v4.as_mut().filter(|one| is_due(one.client.deadline())) {
                changed |= runner.handle(&at, dhcp::v4::Event::Tick);
            }
            if let Some(runner) = running.v6.as_mut().filter(|one| is_due(one.client.deadline())) {
                changed |= runner.handle(&at, dhcp::v6::Event::Tick);
            }
        }
        changed
    }

    /// When [`Clients::tick`] is wanted at the latest, in milliseconds of the clock.
    pub(super) fn deadline(&self) -> Option<u64> {
        let clients = self.links.values().flat_map(|running| {
            let v4 = running.v4.as_ref().and_then(|one| one.client.deadline());
            let v6 = running.v6.as_ref().and_then(|one| one.client.deadline());
            [v4, v6]
        });
        clients.flatten().chain(self.servers.deadline()).min()
    }

    /// Takes name servers of a router.
    pub(super) fn advertise(&mut self, advertised: &Advertised) {
        self.servers.take(advertised, host::now().ms);
    }

    /// Leases for a plan.
    pub(super) fn leases(&self) -> BTreeMap<String, LinkLease> {
        let lease = |running: &Running| {
            let Remembered { v4, v6, .. } = running.remembered();
            LinkLease { metric: METRIC + running.index, v4, v6 }
        };
        self.links.iter().map(|(name, running)| (name.clone(), lease(running))).collect()
    }

    /// When the lease of a link ends that an address comes from.
    pub(super) fn lease_end(&self, name: &str, source: Source) -> Option<u64> {
        let running = self.links.get(name)?;
        match source {
            Source::Dhcp4 => running.v4.as_ref()?.client.lease()?.expires_ms,
            Source::Dhcp6 => running.v6.as_ref()?.client.lease()?.expires_ms,
            Source::Static | Source::Slaac => None,
        }
    }

    /// What the clients of a link are doing, of IPv4 and IPv6.
    pub(super) fn phases(&self, name: &str) -> (Option<String>, Option<String>) {
        let Some(running) = self.links.get(name) else { return (None, None) };
        let v4 = running.v4.as_ref().map(|one| one.client.phase().name().to_owned());
        let v6 = running.v6.as_ref().map(|one| one.client.phase().name().to_owned());
        (v4, v6)
    }

    /// What is offered beside addresses: of all leases, by the names of their links, then of routers, of the links that
    /// `takes` names.
    pub(super) fn offered(&self, takes: impl Fn(u32) -> bool) -> Offered {
        let mut offered = Offered::default();
        for running in self.links.values() {
            if let Some(lease) = running.v4.as_ref().and_then(|one| one.client.lease()) {
                offered.dns.extend(lease.dns.iter().copied().map(IpAddr::from));
                offered.search.extend(lease.search.iter().cloned());
                offered.ntp.extend(lease.ntp.iter().copied().map(IpAddr::from));
                offered.hostname = offered.hostname.or_else(|| lease.hostname.clone());
            }
            if let Some(lease) = running.v6.as_ref().and_then(|one| one.client.lease()) {
                offered.dns.extend(lease.dns.iter().copied().map(IpAddr::from));
                offered.search.extend(lease.search.iter().cloned());
                offered.ntp.extend(lease.ntp.iter().copied().map(IpAddr::from));
            }
        }
        offered.dns.extend(self.servers.of(takes).map(IpAddr::from));
        offered
    }

    /// What the next process has to know.
    pub(super) fn memory(&self) -> Memory {
        let mut memory = self.memory.clone();
        let running = self.links.iter().map(|(name, running)| (name.clone(), running.remembered()));
        memory.links.extend(running);
        let now = host::now().ms;
        memory.links.retain(|_, remembered| {
            remembered.v4.take_if(|lease| lease.is_over(now));
            remembered.v6.take_if(|lease| lease.is_over(now));
            remembered.v4.is_some() || remembered.v6.is_some()
        });
        memory
    }
}

impl Running {
    fn remembered(&self) -> Remembered {
        let v4 = self.v4.as_ref().and_then(|one| one.client.lease().cloned());
        let v6 = self.v6.as_ref().and_then(|one| one.client.lease().cloned());
        Remembered { mac: self.mac, v4, v6 }
    }

    fn follow_v4(
        &mut self,
        at: &At<'_>,
        is_wanted: bool,
        hostname: Option<&str>,
        remembered: Option<dhcp::v4::Lease>,
    ) -> bool {
        let identity = dhcp::v4::Identity { mac: self.mac, hostname: hostname.map(ToOwned::to_owned) };
        let old = match &mut self.v4 {
            Some(runner) if !is_wanted => {
                runner.handle(at, dhcp::v4::Event::Stop);
                self.v4 = None;
                return true;
            }
            Some(runner) if *runner.client.identity() == identity => return false,
            // Another name: the lease goes on under it.
            Some(runner) => runner.client.lease().cloned(),
            None => remembered,
        };
        if is_wanted {
            let lease = old.filter(|lease| !lease.is_over(host::now().ms));
            self.v4 = Some(v4::Runner::new(dhcp::v4::Client::new(identity, lease)));
        }
        is_wanted
    }

    fn follow_v6(&mut self, at: &At<'_>, is_wanted: bool, remembered: Option<dhcp::v6::Lease>) -> bool {
        match &mut self.v6 {
            Some(runner) if !is_wanted => {
                runner.handle(at, dhcp::v6::Event::Stop);
                self.v6 = None;
                true
            }
            None if is_wanted => {
                let identity = dhcp::v6::Identity::new(self.mac, at.name);
                let lease = remembered.filter(|lease| !lease.is_over(host::now().ms));
                self.v6 = Some(v6::Runner::new(dhcp::v6::Client::new(identity, lease)));
                true
            }
            Some(_) | None => false,
        }
    }
}

/// The address that a link has by itself.
fn own_address(observed: &Observed, name: &str) -> Option<Ipv6Addr> {
    observed.addresses.iter().filter(|address| address.link == name).find_map(|address| {
        match address.net.addr() {
            IpAddr::V6(own) if own.is_unicast_link_local() => Some(own),
            _ => None,
        }
    })
}
