//! Subnets of bridges: a /24 of IPv4 and a /64 of IPv6 each.
//!
//! IPv4 has no range that is nobody's. What the node itself uses is left out; of what remains the first is taken, from
//! ranges in the order in which others rarely use them. IPv6 has: unique local addresses (RFC 4193) with 40 bits that
//! follow from the machine's identity, so that two nodes differ, and 16 that follow from the bridge's name.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sha2::{Digest as _, Sha256};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where subnets are taken from. The last one is for measurements (RFC 2544) and is in use nowhere: it is there for
/// nodes with a route to all private ranges.
const POOLS: [([u8; 4], u8); 4] =
    [([10, 89, 0, 0], 16), ([172, 29, 0, 0], 16), ([192, 168, 224, 0], 19), ([198, 18, 0, 0], 15)];
/// Lengths of the prefixes.
const PREFIX: u8 = 24;
const PREFIX6: u8 = 64;

/// The first subnet of IPv4 that overlaps none of `used`. `None` if all do.
pub(super) fn free_v4(used: &[IpNet]) -> Option<Ipv4Net> {
    POOLS
        .iter()
        .filter_map(|(address, length)| Ipv4Net::new(Ipv4Addr::from(*address), *length).ok())
        .filter_map(|pool| pool.subnets(PREFIX).ok())
        .flatten()
        .find(|net| is_free(IpNet::V4(*net), used))
}

/// The subnet of IPv6 of this bridge on this machine: the first that overlaps none of `used`, from the one of its name
/// on.
pub(super) fn free_v6(machine: &str, bridge: &str, used: &[IpNet]) -> Option<Ipv6Net> {
    let global = Sha256::digest(format!("corten workloads\0{machine}"));
    let own = Sha256::digest(format!("bridge\0{bridge}"));
    let first = u16::from_be_bytes([own[0], own[1]]);
    let candidate = |more: u16| {
        let subnet = first.wrapping_add(more);
        let word = |at: usize| u16::from_be_bytes([global[at], global[at + 1]]);
        let address = Ipv6Addr::new(0xfd00 | u16::from(global[0]), word(1), word(3), subnet, 0, 0, 0, 0);
        Ipv6Net::new(address, PREFIX6).ok()
    };
    (0..=u16::MAX).filter_map(candidate).find(|net| is_free(IpNet::V6(*net), used))
}

/// Whether `net` overlaps none of `used`.
pub(super) fn is_free(net: IpNet, used: &[IpNet]) -> bool {
    !used.iter().any(|other| overlap(net, *other))
}

/// Two networks overlap if one holds the other. The way to everywhere is no network that anybody is in.
pub(super) fn overlap(one: IpNet, other: IpNet) -> bool {
    let is_default = |net: IpNet| net.prefix_len() == 0;
    !is_default(one) && !is_default(other) && (one.contains(&other.trunc()) || other.contains(&one.trunc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().expect("a network")
    }

    #[test]
    fn what_the_node_uses_is_left_out() {
        let first = |used: &[&str]| {
            let used: Vec<IpNet> = used.iter().map(|text| net(text)).collect();
            free_v4(&used).expect("one is left").to_string()
        };
        assert_eq!(first(&[]), "10.89.0.0/24");
        assert_eq!(first(&["0.0.0.0/0", "192.168.1.0/24"]), "10.89.0.0/24");
        assert_eq!(first(&["10.89.0.77/32"]), "10.89.1.0/24");
        assert_eq!(first(&["10.89.0.0/23"]), "10.89.2.0/24");
        assert_eq!(first(&["10.0.0.0/8"]), "172.29.0.0/24");
        assert_eq!(first(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]), "198.18.0.0/24");
        assert_eq!(free_v4(&[net("0.0.0.0/1"), net("128.0.0.0/1")]), None);
    }

    #[test]
    fn subnets_of_ipv6_differ_by_machine_and_by_bridge() {
        let of = |machine, bridge| free_v6(machine, bridge, &[]).expect("one is left");
        assert_eq!(of("a", "default"), of("a", "default"));
        assert_ne!(of("a", "default"), of("b", "default"));
        let (one, other) = (of("a", "one"), of("a", "other"));
        assert_ne!(one, other);
        assert_eq!(one.addr().segments()[..3], other.addr().segments()[..3]);
        assert!(net("fd00::/8").contains(&IpNet::V6(one)), "{one}");
        let taken = free_v6("a", "one", &[IpNet::V6(one)]).expect("one is left");
        assert_ne!(taken, one);
    }
}
