//! A lease of IPv6: a reply, with its times made absolute and everything silly refused.

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

use super::message::Reply;

/// Seconds that stand for a time without end (section 7.7).
const FOR_EVER: u32 = u32::MAX;

/// What a server leased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lease {
    /// The address. Which others are on the link, routers say.
    pub address: Ipv6Addr,
    /// Identifier of who leased it.
    pub server: Vec<u8>,
    /// Name servers.
    pub dns: Vec<Ipv6Addr>,
    /// Search domains.
    pub search: Vec<String>,
    /// NTP servers.
    pub ntp: Vec<Ipv6Addr>,
    /// T1: when the server is asked again. `None` in a lease without end.
    pub renew_ms: Option<u64>,
    /// T2: when any server is asked.
    pub rebind_ms: Option<u64>,
    /// When it ends.
    pub expires_ms: Option<u64>,
}

impl Lease {
    /// The lease that `reply` gives for an association, counted from `asked_ms`, of this address if one is named. `None`
    /// if it gives none that can be used.
    pub(super) fn of(
        reply: &Reply,
        association: u32,
        asked_ms: u64,
        named: Option<Ipv6Addr>,
    ) -> Option<Self> {
        let offer = reply.offers.iter().find(|offer| offer.association == association)?;
        if reply.status != 0 || offer.status != 0 {
            return None;
        }
        // Section 21.4: an association whose times contradict each other is ignored.
        if offer.renewal > 0 && offer.rebinding > 0 && offer.renewal > offer.rebinding {
            return None;
        }
        let is_usable = |(address, preferred, valid): &&(Ipv6Addr, u32, u32)| {
            let silly = address.is_unspecified()
                || address.is_loopback()
                || address.is_multicast()
                || address.is_unicast_link_local();
            !silly && named.is_none_or(|named| named == *address) && *valid > 0 && preferred <= valid
        };
        let (address, preferred, valid) = offer.addresses.iter().find(is_usable)?;
        let after = |seconds: u64| Some(asked_ms + seconds * 1000);
        let (renew_ms, rebind_ms, expires_ms) = if *valid == FOR_EVER {
            (None, None, None)
        } else {
            let valid = u64::from(*valid);
            // Shares of section 21.4 where the server leaves the times open, or names some past the end.
            let base = u64::from(*preferred).clamp(1, valid);
            let (first, second) = (u64::from(offer.renewal), u64::from(offer.rebinding));
            if first > 0 && first < second && second < valid {
                (after(first), after(second), after(valid))
            } else {
                (Some(asked_ms + base * 500), Some(asked_ms + base * 800), after(valid))
            }
        };
        Some(Self {
            address: *address,
            server: reply.server.clone(),
            dns: reply.dns.clone(),
            search: reply.search.clone(),
            ntp: reply.ntp.clone(),
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
