//! What the kernel has, listed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use corten_config::settings::BondMode;
use ipnet::IpNet;
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressProtocol};
use netlink_packet_route::link::{
    BondMode as KernelMode, BridgeStpState, InfoBond, InfoBridge, InfoData, InfoKind, InfoVlan,
    LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo, LinkLayerType, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteProtocol, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::{MAIN_TABLE, Netlink, NetlinkError, OUR_ADDRESSES, OUR_LINKS, sysctl};
use crate::plan::{Address, AddressOwner, Kind, Link, Observed, Route, RouteOwner};

/// Lists links, addresses and routes. `managed` says which links an order configured before.
///
/// # Errors
/// If the kernel refuses, or things change faster than they can be listed.
pub fn observe(netlink: &mut Netlink, managed: &BTreeSet<String>) -> Result<Observed, NetlinkError> {
    let mut ask = LinkMessage::default();
    ask.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    let links = netlink.list(&RouteNetlinkMessage::GetLink(ask), |entry| match entry {
        RouteNetlinkMessage::NewLink(link) => Some(link),
        _ => None,
    })?;
    let names: BTreeMap<u32, String> =
        links.iter().filter_map(|link| Some((link.header.index, name(link)?.to_owned()))).collect();

    let mut observed = Observed::default();
    for message in &links {
        let Some(name) = name(message) else { continue };
        observed.links.insert(name.to_owned(), link(message, name, &names, managed.contains(name)));
    }
    let ask = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    let addresses = netlink.list(&ask, |entry| match entry {
        RouteNetlinkMessage::NewAddress(message) => address(&message, &names),
        _ => None,
    })?;
    observed.addresses.extend(addresses);
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut ask = RouteMessage::default();
        ask.header.address_family = family;
        let routes = netlink.list(&RouteNetlinkMessage::GetRoute(ask), |entry| match entry {
            RouteNetlinkMessage::NewRoute(message) => route(&message, &names),
            _ => None,
        })?;
        observed.routes.extend(routes);
    }
    Ok(observed)
}

fn name(message: &LinkMessage) -> Option<&str> {
    message.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.as_str()),
        _ => None,
    })
}

fn link(message: &LinkMessage, name: &str, names: &BTreeMap<u32, String>, managed: bool) -> Link {
    let flags = message.header.flags;
    let mut link = Link {
        index: message.header.index,
        kind: Kind::Card,
        ours: false,
        managed,
        mac: None,
        permanent: None,
        driver: None,
        mtu: 0,
        up: flags.contains(LinkFlags::Up),
        carrier: flags.contains(LinkFlags::Up | LinkFlags::LowerUp),
        master: None,
        ipv6: sysctl::ipv6(name),
    };
    let mut info = None;
    let mut below = None;
    let mut is_elsewhere = false;
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::Address(mac) => link.mac = mac.as_slice().try_into().ok(),
            LinkAttribute::PermAddress(mac) => link.permanent = mac.as_slice().try_into().ok(),
            LinkAttribute::Mtu(mtu) => link.mtu = *mtu,
            LinkAttribute::Group(group) => link.ours = *group == OUR_LINKS,
            LinkAttribute::Controller(index) => link.master = names.get(index).cloned(),
            LinkAttribute::Link(index) => below = names.get(index).cloned(),
            LinkAttribute::LinkNetNsId(_) => is_elsewhere = true,
            LinkAttribute::LinkInfo(parts) => info = Some(parts),
            _ => {}
        }
    }
    if message.header.link_layer_type != LinkLayerType::Ether {
        link.mac = None;
    }
    link.kind = match info.map(|parts| kind(parts, below.filter(|_| !is_elsewhere))) {
        Some(kind) => kind,
        None if flags.contains(LinkFlags::Loopback) => Kind::Loopback,
        None => Kind::Card,
    };
    if link.kind == Kind::Card {
        link.driver = sysctl::driver(name);
    }
    link
}

fn kind(parts: &[LinkInfo], below: Option<String>) -> Kind {
    let kind = parts.iter().find_map(|part| match part {
        LinkInfo::Kind(kind) => Some(kind),
        _ => None,
    });
    let data = parts.iter().find_map(|part| match part {
        LinkInfo::Data(data) => Some(data),
        _ => None,
    });
    match (kind, data) {
        // Only what a bond or bridge says about a port of it, which is no kind of its own.
        (None, _) => Kind::Card,
        (Some(InfoKind::Vlan), Some(InfoData::Vlan(parts))) => {
            let id = parts.iter().find_map(|part| match part {
                InfoVlan::Id(id) => Some(*id),
                _ => None,
            });
            Kind::Vlan { below, id: id.unwrap_or(0) }
        }
        (Some(InfoKind::Bond), Some(InfoData::Bond(parts))) => {
            let mode = parts.iter().find_map(|part| match part {
                InfoBond::Mode(mode) => mode_of(*mode),
                _ => None,
            });
            Kind::Bond { mode }
        }
        (Some(InfoKind::Bridge), Some(InfoData::Bridge(parts))) => {
            let stp = parts.iter().any(
                |part| matches!(part, InfoBridge::StpState(state) if *state != BridgeStpState::Disabled),
            );
            Kind::Bridge { stp }
        }
        _ => Kind::Other,
    }
}

fn mode_of(mode: KernelMode) -> Option<BondMode> {
    match mode {
        KernelMode::BalanceRr => Some(BondMode::BalanceRr),
        KernelMode::ActiveBackup => Some(BondMode::ActiveBackup),
        KernelMode::BalanceXor => Some(BondMode::BalanceXor),
        KernelMode::Ieee8023Ad => Some(BondMode::Lacp),
        KernelMode::BalanceTlb => Some(BondMode::BalanceTlb),
        KernelMode::BalanceAlb => Some(BondMode::BalanceAlb),
        _ => None,
    }
}

fn address(message: &AddressMessage, names: &BTreeMap<u32, String>) -> Option<Address> {
    let mut local = None;
    let mut far = None;
    let mut owner = AddressOwner::Foreign;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => local = Some(*address),
            AddressAttribute::Address(address) => far = Some(*address),
            AddressAttribute::Protocol(AddressProtocol::Other(OUR_ADDRESSES)) => owner = AddressOwner::Ours,
            AddressAttribute::Protocol(AddressProtocol::RouterAnnouncement) => owner = AddressOwner::Slaac,
            _ => {}
        }
    }
    // On a link between two, `Address` is the other end.
    let net = IpNet::new(local.or(far)?, message.header.prefix_len).ok()?;
    Some(Address { link: names.get(&message.header.index)?.clone(), net, owner })
}

fn route(message: &RouteMessage, names: &BTreeMap<u32, String>) -> Option<Route> {
    let header = &message.header;
    let mut table = u32::from(header.table);
    let none: IpAddr = match header.address_family {
        AddressFamily::Inet => std::net::Ipv4Addr::UNSPECIFIED.into(),
        AddressFamily::Inet6 => std::net::Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let (mut to, mut via, mut metric, mut link) = (none, None, 0, None);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(address) => to = plain(address)?,
            RouteAttribute::Gateway(address) => via = plain(address),
            RouteAttribute::Priority(number) => metric = *number,
            RouteAttribute::Oif(index) => link = names.get(index),
            RouteAttribute::Table(number) => table = *number,
            _ => {}
        }
    }
    if table != MAIN_TABLE || header.kind != RouteType::Unicast || header.flags.contains(RouteFlags::Cloned) {
        return None;
    }
    let owner = match header.protocol {
        RouteProtocol::Static => RouteOwner::Static,
        RouteProtocol::Dhcp => RouteOwner::Dhcp,
        RouteProtocol::Ra => RouteOwner::Router,
        _ => RouteOwner::Foreign,
    };
    Some(Route {
        link: link?.clone(),
        to: IpNet::new(to, header.destination_prefix_length).ok()?,
        via,
        metric,
        onlink: header.flags.contains(RouteFlags::Onlink),
        owner,
    })
}

fn plain(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}
