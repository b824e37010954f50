//! Steps of a plan as requests to the kernel.

use corten_config::settings::BondMode;
use ipnet::IpNet;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressProtocol};
use netlink_packet_route::link::{
    BondMode as KernelMode, BridgeStpState, InfoBond, InfoBridge, InfoData, InfoKind, InfoVlan,
    LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;

use super::solicit::solicit;
use super::{Netlink, NetlinkError, OUR_ADDRESSES, OUR_LINKS, sysctl};
use crate::plan::{Action, Make, Route, RouteOwner};

/// Milliseconds between looks of a bond at its members. Without it a bond does not see that one has died.
const BOND_LOOKS_MS: u32 = 100;

/// Does one step.
///
/// # Errors
/// If the kernel refuses it. That it is done already is no error.
pub fn perform(netlink: &mut Netlink, action: &Action) -> Result<(), NetlinkError> {
    match action {
        Action::CreateLink { link, make } => create(netlink, link, make),
        Action::DeleteLink { link } => {
            let message = link_message(netlink, link, [])?;
            done_if(netlink.request(RouteNetlinkMessage::DelLink(message), 0), Errno::NODEV)
        }
        Action::SetMaster { link, master } => {
            let index = master.as_deref().map_or(Ok(0), |master| index(netlink, master))?;
            change(netlink, link, LinkAttribute::Controller(index))
        }
        Action::SetMtu { link, mtu } => change(netlink, link, LinkAttribute::Mtu(*mtu)),
        Action::SetSpanningTree { link, stp } => {
            let info = vec![LinkInfo::Kind(InfoKind::Bridge), LinkInfo::Data(bridge(*stp))];
            let message = link_message(netlink, link, [LinkAttribute::LinkInfo(info)])?;
            netlink.request(RouteNetlinkMessage::NewLink(message), 0)
        }
        Action::SetIpv6 { link, ipv6 } => {
            sysctl::set_ipv6(link, *ipv6)?;
            if ipv6.accept > 0 {
                // On a link that is down this fails, and the kernel asks by itself when it comes up.
                let _ = solicit(index(netlink, link)?);
            }
            Ok(())
        }
        Action::SetUp { link } => switch(netlink, link, LinkFlags::Up),
        Action::SetDown { link } => switch(netlink, link, LinkFlags::empty()),
        Action::AddAddress { link, net } => {
            let message = address(index(netlink, link)?, *net);
            let flags = NLM_F_CREATE | NLM_F_EXCL;
            done_if(netlink.request(RouteNetlinkMessage::NewAddress(message), flags), Errno::EXIST)
        }
        Action::RemoveAddress { link, net } => {
            let message = address(index(netlink, link)?, *net);
            done_if(netlink.request(RouteNetlinkMessage::DelAddress(message), 0), Errno::ADDRNOTAVAIL)
        }
        Action::AddRoute(route) => {
            let message = route_message(index(netlink, &route.link)?, route);
            // IPv6 takes a second route of the same metric by another way, as routers advertise them; IPv4 would put it
            // in front of the first.
            let only = if route.to.addr().is_ipv4() { NLM_F_EXCL } else { 0 };
            netlink.request(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | only)
        }
        Action::RemoveRoute(route) => {
            let message = route_message(index(netlink, &route.link)?, route);
            done_if(netlink.request(RouteNetlinkMessage::DelRoute(message), 0), Errno::SRCH)
        }
    }
}

fn done_if(answer: Result<(), NetlinkError>, done: Errno) -> Result<(), NetlinkError> {
    match answer {
        Err(NetlinkError::Refused(errno)) if errno == done => Ok(()),
        other => other,
    }
}

fn index(netlink: &Netlink, name: &str) -> Result<u32, NetlinkError> {
    name_to_index(netlink, name).map_err(|_| NetlinkError::NoLink(name.to_owned()))
}

fn link_message<const N: usize>(
    netlink: &Netlink,
    name: &str,
    attributes: [LinkAttribute; N],
) -> Result<LinkMessage, NetlinkError> {
    let mut message = LinkMessage::default();
    message.header.index = index(netlink, name)?;
    message.attributes = attributes.into();
    Ok(message)
}

fn change(netlink: &mut Netlink, name: &str, attribute: LinkAttribute) -> Result<(), NetlinkError> {
    let message = link_message(netlink, name, [attribute])?;
    netlink.request(RouteNetlinkMessage::SetLink(message), 0)
}

fn switch(netlink: &mut Netlink, name: &str, flags: LinkFlags) -> Result<(), NetlinkError> {
    let mut message = link_message(netlink, name, [])?;
    message.header.flags = flags;
    message.header.change_mask = LinkFlags::Up;
    netlink.request(RouteNetlinkMessage::SetLink(message), 0)
}

fn create(netlink: &mut Netlink, name: &str, make: &Make) -> Result<(), NetlinkError> {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::Group(OUR_LINKS)];
    let (kind, data) = match make {
        Make::Vlan { below, id } => {
            message.attributes.push(LinkAttribute::Link(index(netlink, below)?));
            (InfoKind::Vlan, InfoData::Vlan(vec![InfoVlan::Id(*id)]))
        }
        Make::Bond { mode } => {
            let parts = vec![InfoBond::Mode(mode_of(*mode)), InfoBond::MiiMon(BOND_LOOKS_MS)];
            (InfoKind::Bond, InfoData::Bond(parts))
        }
        Make::Bridge { stp } => (InfoKind::Bridge, bridge(*stp)),
    };
    message.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind), LinkInfo::Data(data)]));
    netlink.request(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
}

fn bridge(stp: bool) -> InfoData {
    let state = if stp { BridgeStpState::KernelStp } else { BridgeStpState::Disabled };
    InfoData::Bridge(vec![InfoBridge::StpState(state)])
}

fn mode_of(mode: BondMode) -> KernelMode {
    match mode {
        BondMode::ActiveBackup => KernelMode::ActiveBackup,
        BondMode::BalanceRr => KernelMode::BalanceRr,
        BondMode::BalanceXor => KernelMode::BalanceXor,
        BondMode::Lacp => KernelMode::Ieee8023Ad,
        BondMode::BalanceTlb => KernelMode::BalanceTlb,
        BondMode::BalanceAlb => KernelMode::BalanceAlb,
    }
}

fn family(net: &IpNet) -> AddressFamily {
    if net.addr().is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

fn address(index: u32, net: IpNet) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(&net);
    message.header.prefix_len = net.prefix_len();
    message.header.index = index;
    message.attributes = vec![
        AddressAttribute::Local(net.addr()),
        AddressAttribute::Address(net.addr()),
        AddressAttribute::Protocol(AddressProtocol::Other(OUR_ADDRESSES)),
    ];
    if let IpNet::V4(net) = net
        && net.prefix_len() < 31
    {
        message.attributes.push(AddressAttribute::Broadcast(net.broadcast()));
    }
    message
}

fn route_message(index: u32, route: &Route) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: family(&route.to),
        destination_prefix_length: route.to.prefix_len(),
        table: RouteHeader::RT_TABLE_MAIN,
        protocol: match route.owner {
            RouteOwner::Static => RouteProtocol::Static,
            RouteOwner::Dhcp => RouteProtocol::Dhcp,
            RouteOwner::Router => RouteProtocol::Ra,
            RouteOwner::Foreign => RouteProtocol::Unspec,
        },
        scope: match route.via {
            None if route.to.addr().is_ipv4() => RouteScope::Link,
            _ => RouteScope::Universe,
        },
        kind: RouteType::Unicast,
        flags: if route.onlink { RouteFlags::Onlink } else { RouteFlags::empty() },
        ..RouteHeader::default()
    };
    message.attributes =
        vec![RouteAttribute::Destination(route.to.addr().into()), RouteAttribute::Oif(index)];
    if let Some(via) = route.via {
        message.attributes.push(RouteAttribute::Gateway(via.into()));
    }
    if route.metric > 0 {
        message.attributes.push(RouteAttribute::Priority(route.metric));
    }
    message
}
