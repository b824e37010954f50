//! Addresses of links, as the kernel has them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corten_api::v1;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressProtocol, AddressScope,
};

use super::{FactError, netlink};

/// Valid for ever, in `ifa_cacheinfo`.
const FOR_EVER: u32 = u32::MAX;

/// All addresses, in the kernel's order. Asks the kernel, not the root.
pub fn list() -> Result<Vec<v1::Address>, FactError> {
    let names = netlink::link_names()?;
    let messages = netlink::dump("addresses", RouteNetlinkMessage::GetAddress(AddressMessage::default()))?;
    let addresses = messages.into_iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewAddress(address) => read(&address, &names),
        _ => None,
    });
    Ok(addresses.collect())
}

/// Reads one address. On a point-to-point link IFA_ADDRESS is the other side, and IFA_LOCAL ours.
fn read(message: &AddressMessage, names: &BTreeMap<u32, String>) -> Option<v1::Address> {
    let header = &message.header;
    let (mut local, mut other, mut protocol, mut valid) = (None, None, None, FOR_EVER);
    let mut permanent = header.flags.contains(AddressHeaderFlags::Permanent);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => local = Some(*address),
            AddressAttribute::Address(address) => other = Some(*address),
            AddressAttribute::Protocol(by) => protocol = Some(*by),
            AddressAttribute::CacheInfo(info) => valid = info.ifa_valid,
            AddressAttribute::Flags(flags) => permanent = flags.contains(AddressFlags::Permanent),
            _ => {}
        }
    }
    let address = local.or(other)?;
    Some(v1::Address {
        link: names.get(&header.index).cloned().unwrap_or_else(|| format!("#{}", header.index)),
        address: format!("{address}/{}", header.prefix_len),
        scope: scope(header.scope).into(),
        source: source(address, protocol, permanent, header.prefix_len).into(),
        valid_seconds: if valid == FOR_EVER { 0 } else { valid },
    })
}

fn scope(scope: AddressScope) -> &'static str {
    match scope {
        AddressScope::Universe | AddressScope::Site => "global",
        AddressScope::Link => "link",
        _ => "host",
    }
}

/// Who made an address. Kernels from 6.3 on say so of their own; for the rest it follows from its form: what has an
/// end came by DHCP or from a router, and DHCPv6 gives single addresses.
fn source(address: IpAddr, protocol: Option<AddressProtocol>, permanent: bool, prefix: u8) -> &'static str {
    match (protocol, address) {
        (Some(AddressProtocol::Loopback | AddressProtocol::LinkLocal), _) => "kernel",
        (Some(AddressProtocol::RouterAnnouncement), _) => "slaac",
        (_, address) if address.is_loopback() => "kernel",
        (_, IpAddr::V6(address)) if address.is_unicast_link_local() => "kernel",
        _ if permanent => "static",
        (_, IpAddr::V4(_)) => "dhcp4",
        (_, IpAddr::V6(_)) if prefix == 128 => "dhcp6",
        (_, IpAddr::V6(_)) => "slaac",
    }
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::address::CacheInfo;

    use super::*;

    fn message(address: &str, prefix: u8, attributes: Vec<AddressAttribute>) -> v1::Address {
        let mut message = AddressMessage::default();
        message.header.index = 2;
        message.header.prefix_len = prefix;
        message.attributes.push(AddressAttribute::Address(address.parse().expect("an address")));
        message.attributes.extend(attributes);
        read(&message, &BTreeMap::from([(2, "eth0".to_string())])).expect("an address")
    }

    fn lasts(seconds: u32) -> AddressAttribute {
        let mut info = CacheInfo::default();
        info.ifa_valid = seconds;
        AddressAttribute::CacheInfo(info)
    }

    #[test]
    fn the_source_follows_from_what_the_kernel_says() {
        let permanent = || AddressAttribute::Flags(AddressFlags::Permanent);
        let fixed = message("192.0.2.4", 24, vec![permanent(), lasts(u32::MAX)]);
        let expected = v1::Address {
            link: "eth0".into(),
            address: "192.0.2.4/24".into(),
            scope: "global".into(),
            source: "static".into(),
            valid_seconds: 0,
        };
        assert_eq!(fixed, expected);
        let leased = message("192.0.2.4", 24, vec![lasts(3600)]);
        assert_eq!((leased.source.as_str(), leased.valid_seconds), ("dhcp4", 3600));
        assert_eq!(message("2001:db8::1", 128, vec![lasts(60)]).source, "dhcp6");
        assert_eq!(message("2001:db8::1", 64, vec![lasts(60)]).source, "slaac");
        assert_eq!(message("fe80::1", 64, vec![permanent()]).source, "kernel");
        let by = AddressAttribute::Protocol(AddressProtocol::RouterAnnouncement);
        assert_eq!(message("2001:db8::1", 64, vec![permanent(), by]).source, "slaac");
    }

    #[test]
    fn of_a_point_to_point_link_our_side_is_shown() {
        let ours = AddressAttribute::Local("10.0.0.1".parse().expect("an address"));
        assert_eq!(message("10.0.0.2", 32, vec![ours]).address, "10.0.0.1/32");
    }

    #[test]
    fn this_machine_has_its_loopback() {
        let addresses = list().expect("addresses");
        let loopback = addresses.iter().find(|address| address.address == "127.0.0.1/8");
        let loopback = loopback.expect("a loopback address");
        assert_eq!((loopback.link.as_str(), loopback.source.as_str()), ("lo", "kernel"));
    }
}
