//! How many connections there are, and how many of one client: what is above the limits is let go before it costs
//! anything.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use corten_config::settings::Limits;

/// Counts connections.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: u32,
    of: BTreeMap<IpAddr, u32>,
    accepted: u64,
    refused: u64,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub struct Counted {
    connections: Connections,
    client: IpAddr,
}

impl Connections {
    /// Counts a connection of a client, if there may be one more.
    pub fn count(&self, client: IpAddr, limits: &Limits) -> Option<Counted> {
        let client = network(client);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = counts.of.get(&client).copied().unwrap_or(0);
        if counts.all >= limits.connections || of_client >= limits.connections_per_client {
            counts.refused += 1;
            return None;
        }
        counts.all += 1;
        counts.accepted += 1;
        counts.of.insert(client, of_client + 1);
        Some(Counted { connections: self.clone(), client })
    }

    /// Connections now, and how many were taken and refused so far.
    pub fn figures(&self) -> (u32, u64, u64) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (counts.all, counts.accepted, counts.refused)
    }
}

/// A client with IPv6 has a network of its own, and as many addresses in it as it likes.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(of_client) = counts.of.get_mut(&self.client) {
            *of_client = of_client.saturating_sub(1);
            if *of_client == 0 {
                counts.of.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_client_has_its_share_and_all_have_theirs() {
        let connections = Connections::default();
        let limits = Limits { connections: 3, connections_per_client: 2 };
        let count = |text| connections.count(client(text), &limits);
        let first = count("192.0.2.1").expect("one");
        let _second = count("192.0.2.1").expect("two");
        assert!(count("192.0.2.1").is_none(), "its share is two");
        let _third = count("192.0.2.2").expect("another client");
        assert!(count("192.0.2.3").is_none(), "all are three");
        drop(first);
        assert!(count("192.0.2.3").is_some());
        assert_eq!(connections.figures(), (2, 4, 2));
    }

    #[test]
    fn all_addresses_of_one_network_are_one_client() {
        let connections = Connections::default();
        let limits = Limits { connections: 9, connections_per_client: 1 };
        let _one = connections.count(client("2001:db8::1"), &limits).expect("one");
        assert!(connections.count(client("2001:db8::2:3"), &limits).is_none());
        assert!(connections.count(client("2001:db8:0:1::1"), &limits).is_some());
        let _four = connections.count(client("::ffff:192.0.2.1"), &limits).expect("IPv4 by way of IPv6");
        assert!(connections.count(client("192.0.2.1"), &limits).is_none());
    }
}
