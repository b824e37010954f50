//! A lease: an acknowledgement, with its times made absolute and everything silly left out or refused.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::message::{Reply, is_machine};

/// Seconds that stand for a lease without end (RFC 2131 section 3.3).
const FOR_EVER: u32 = u32::MAX;
/// Bytes of the smallest packet that every link of IPv4 carries (RFC 791). Below it lies nonsense or an attack.
const SMALLEST_MTU: u16 = 576;

/// What a server leased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lease {
    /// The address with the length of its prefix.
    pub address: Ipv4Net,
    /// Who leased it.
    pub server: Ipv4Addr,
    /// Routes that come with it.
    pub routes: Vec<LeaseRoute>,
    /// Name servers.
    pub dns: Vec<Ipv4Addr>,
    /// Search domains.
    pub search: Vec<String>,
    /// NTP servers.
    pub ntp: Vec<Ipv4Addr>,
    /// Bytes of the largest packet.
    pub mtu: Option<u32>,
    /// Name for the node.
    pub hostname: Option<String>,
    /// T1: when the server is asked again. `None` in a lease without end.
    pub renew_ms: Option<u64>,
    /// T2: when any server is asked.
    pub rebind_ms: Option<u64>,
    /// When it ends.
    pub expires_ms: Option<u64>,
}

/// A route of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeaseRoute {
    /// Where to.
    pub to: Ipv4Net,
    /// The next hop; `None` for what is on the link itself.
    pub via: Option<Ipv4Addr>,
}

impl Lease {
    /// The lease that `reply` gives, counted from `asked_ms`, when the request was sent (RFC 2131 section 4.4.1).
    /// `None` if it can't be used: no server, no address that a machine may have, no time.
    pub(super) fn of(reply: &Reply, asked_ms: u64) -> Option<Self> {
        let given = &reply.parameters;
        let server = reply.server.filter(|server| !server.is_unspecified())?;
        if !is_machine(reply.address) {
            return None;
        }
        let seconds = given.lease.filter(|seconds| *seconds > 0)?;
        let (renew_ms, rebind_ms, expires_ms) = if seconds == FOR_EVER {
            (None, None, None)
        } else {
            let (first, second) = times(seconds, given.renewal, given.rebinding);
            (Some(asked_ms + first), Some(asked_ms + second), Some(asked_ms + u64::from(seconds) * 1000))
        };
        // A prefix of nothing would put the whole world on the link: then only the routers are, by routes of their own.
        let prefix = given.prefix.unwrap_or_else(|| class(reply.address));
        let prefix = if prefix == 0 { 32 } else { prefix };
        let address = Ipv4Net::new(reply.address, prefix).ok()?;
        if prefix < 31 && (reply.address == address.network() || reply.address == address.broadcast()) {
            return None;
        }
        Some(Self {
            address,
            server,
            routes: routes(reply),
            dns: given.dns.clone(),
            search: given.search.clone(),
            ntp: given.ntp.clone(),
            mtu: given.mtu.filter(|mtu| *mtu >= SMALLEST_MTU).map(u32::from),
            hostname: given.hostname.clone(),
            renew_ms,
            rebind_ms,
            expires_ms,
        })
    }

    /// Whether it has ended.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|end| end <= now_ms)
    }
}

/// T1 and T2 in milliseconds: the server's if they are in order, else those of RFC 2131 section 4.4.5.
fn times(lease: u32, renewal: Option<u32>, rebinding: Option<u32>) -> (u64, u64) {
    let lease = u64::from(lease) * 1000;
    let first = renewal.map_or(lease / 2, |seconds| u64::from(seconds) * 1000);
    let second = rebinding.map_or(lease / 8 * 7, |seconds| u64::from(seconds) * 1000);
    if first > 0 && first < second && second < lease { (first, second) } else { (lease / 2, lease / 8 * 7) }
}

/// Classless routes, which replace the routers where there are any.
fn routes(reply: &Reply) -> Vec<LeaseRoute> {
    let given = &reply.parameters;
    let mut routes: Vec<LeaseRoute> = Vec::new();
    let default = |via: &Ipv4Addr| LeaseRoute { to: Ipv4Net::default(), via: Some(*via) };
    let classless = given.routes.iter().filter_map(|(to, via)| {
        // 0.0.0.0 as the router means that the destination is on the link.
        let via = (!via.is_unspecified()).then_some(*via);
        via.is_none_or(is_machine).then_some(LeaseRoute { to: *to, via })
    });
    // The second router of a server would be for when the first is dead, which nobody finds out: only the first is used.
    let fallback = given.routers.first().map(default).filter(|_| given.routes.is_empty());
    for route in classless.chain(fallback) {
        let repeated = routes.iter().any(|other| other.to == route.to);
        if !repeated && route.via != Some(reply.address) {
            routes.push(route);
        }
    }
    routes
}

/// The prefix that an address has by its class, for servers that send none.
fn class(address: Ipv4Addr) -> u8 {
    match address.octets()[0] {
        0..128 => 8,
        128..192 => 16,
        _ => 24,
    }
}
