//! Routes of all tables but the one that the kernel keeps for its own addresses.

use std::collections::BTreeMap;

use corten_api::v1;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteType, RouteVia,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::{FactError, netlink};

/// RT_TABLE_LOCAL of linux/rtnetlink.h: addresses of this node and broadcasts.
const LOCAL: u32 = 255;

/// All routes, those of IPv4 first. One with several next hops is shown once for each. Asks the kernel, not the root.
pub fn list() -> Result<Vec<v1::Route>, FactError> {
    let names = netlink::link_names()?;
    let mut routes = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut request = RouteMessage::default();
        request.header.address_family = family;
        for message in netlink::dump("routes", RouteNetlinkMessage::GetRoute(request))? {
            if let RouteNetlinkMessage::NewRoute(route) = message {
                routes.extend(read(&route, &names));
            }
        }
    }
    Ok(routes)
}

/// Reads one route of the kernel.
fn read(message: &RouteMessage, names: &BTreeMap<u32, String>) -> Vec<v1::Route> {
    let header = &message.header;
    let name = |index: u32| names.get(&index).cloned().unwrap_or_else(|| format!("#{index}"));
    let any = if header.address_family == AddressFamily::Inet6 { "::" } else { "0.0.0.0" };
    let mut destination = any.to_string();
    let mut table = u32::from(header.table);
    let mut hops: Vec<(String, String)> = Vec::new();
    let mut route = v1::Route { source: source(header.protocol), ..v1::Route::default() };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(address) => destination = text(address),
            RouteAttribute::Gateway(address) => route.via = text(address),
            RouteAttribute::Via(via) => route.via = via_text(via),
            RouteAttribute::Oif(index) => route.link = name(*index),
            RouteAttribute::Priority(metric) => route.metric = *metric,
            RouteAttribute::PrefSource(address) => route.preferred_source = text(address),
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::MultiPath(all) => {
                hops.extend(all.iter().map(|hop| (gateway(&hop.attributes), name(hop.interface_index))));
            }
            _ => {}
        }
    }
    let shown = match header.kind {
        RouteType::Unicast => None,
        RouteType::BlackHole => Some("blackhole"),
        RouteType::Unreachable => Some("unreachable"),
        RouteType::Prohibit => Some("prohibit"),
        _ => return Vec::new(),
    };
    if table == LOCAL {
        return Vec::new();
    }
    if let Some(kind) = shown {
        route.via = kind.into();
    }
    route.destination = format!("{destination}/{}", header.destination_prefix_length);
    if hops.is_empty() {
        return vec![route];
    }
    hops.into_iter().map(|(via, link)| v1::Route { via, link, ..route.clone() }).collect()
}

fn gateway(attributes: &[RouteAttribute]) -> String {
    let found = attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(address) => Some(text(address)),
        RouteAttribute::Via(via) => Some(via_text(via)),
        _ => None,
    });
    found.unwrap_or_default()
}

fn text(address: &RouteAddress) -> String {
    match address {
        RouteAddress::Inet(address) => address.to_string(),
        RouteAddress::Inet6(address) => address.to_string(),
        _ => String::new(),
    }
}

fn via_text(via: &RouteVia) -> String {
    match via {
        RouteVia::Inet(address) => address.to_string(),
        RouteVia::Inet6(address) => address.to_string(),
        _ => String::new(),
    }
}

fn source(protocol: RouteProtocol) -> String {
    match protocol {
        RouteProtocol::Kernel => "kernel".into(),
        RouteProtocol::Boot => "boot".into(),
        RouteProtocol::Static => "static".into(),
        RouteProtocol::Ra => "ra".into(),
        RouteProtocol::Dhcp => "dhcp".into(),
        other => u8::from(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use netlink_packet_route::route::RouteNextHop;

    use super::*;

    fn names() -> BTreeMap<u32, String> {
        BTreeMap::from([(2, "eth0".into()), (3, "eth1".into())])
    }

    fn address(last: u8) -> RouteAddress {
        RouteAddress::Inet(Ipv4Addr::new(192, 0, 2, last))
    }

    fn message(attributes: Vec<RouteAttribute>) -> RouteMessage {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.kind = RouteType::Unicast;
        message.header.table = 254;
        message.header.protocol = RouteProtocol::Dhcp;
        message.attributes = attributes;
        message
    }

    #[test]
    fn a_default_route_has_a_destination_of_zeros() {
        let route = message(vec![
            RouteAttribute::Gateway(address(1)),
            RouteAttribute::Oif(2),
            RouteAttribute::Priority(1024),
            RouteAttribute::PrefSource(address(4)),
        ]);
        let expected = v1::Route {
            destination: "0.0.0.0/0".into(),
            via: "192.0.2.1".into(),
            link: "eth0".into(),
            metric: 1024,
            source: "dhcp".into(),
            preferred_source: "192.0.2.4".into(),
        };
        assert_eq!(read(&route, &names()), [expected]);
    }

    #[test]
    fn every_next_hop_is_shown() {
        let hop = |index: u32, last: u8| {
            let mut hop = RouteNextHop::default();
            hop.interface_index = index;
            hop.attributes = vec![RouteAttribute::Gateway(address(last))];
            hop
        };
        let routes = read(&message(vec![RouteAttribute::MultiPath(vec![hop(2, 1), hop(9, 2)])]), &names());
        let shown: Vec<_> = routes.iter().map(|route| (route.via.as_str(), route.link.as_str())).collect();
        assert_eq!(shown, [("192.0.2.1", "eth0"), ("192.0.2.2", "#9")]);
    }

    #[test]
    fn what_the_kernel_keeps_for_itself_is_not_shown() {
        let mut local = message(vec![]);
        local.header.table = 255;
        assert_eq!(read(&local, &names()), []);
        let mut broadcast = message(vec![]);
        broadcast.header.kind = RouteType::Broadcast;
        assert_eq!(read(&broadcast, &names()), []);
        let mut closed = message(vec![]);
        closed.header.kind = RouteType::Unreachable;
        assert_eq!(read(&closed, &names())[0].via, "unreachable");
    }

    #[test]
    fn this_machine_answers() {
        list().expect("routes, or none");
    }
}
