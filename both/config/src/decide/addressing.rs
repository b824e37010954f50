//! Addresses, routes and the size of packets, of each link and of all together.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corten_document::{Court, Diagnostic, KeyPath, Problem};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::links::{Draft, Drafts};
use super::placed::{table_keys, text_keys};
use super::{demand, values};
use crate::merged::SUBJECT;
use crate::settings::{Addressing, LinkKind, Route};
use crate::types::{Interface, Target};
use crate::written;

/// Smallest MTU of links with IPv6: RFC 8200, section 5.
const IPV6_MTU: u32 = 1280;

pub(super) fn decide(written: &written::Addressing, court: &mut Court<'_>, link: &KeyPath) -> Addressing {
    let routes = table_keys(&link.key("routes"), court).into_iter().zip(written.routes.iter().flatten());
    Addressing {
        dhcp4: written.dhcp4.unwrap_or(false),
        dhcp6: written.dhcp6.unwrap_or(false),
        slaac: written.slaac.unwrap_or(false),
        addresses: values(written.addresses.as_deref()),
        routes: routes.filter_map(|(key, route)| decide_route(route, &key, court)).collect(),
        metric: written.metric,
    }
}

fn decide_route(route: &written::Route, key: &KeyPath, court: &mut Court<'_>) -> Option<Route> {
    let to = demand(route.to.as_ref(), &key.key("to"), "write a network, or `default`", court);
    let via = route.via.as_ref().map(|via| *via.get());
    let to = match (to?.get(), via) {
        (Target::Default, Some(IpAddr::V4(_))) => IpNet::V4(Ipv4Net::default()),
        (Target::Default, Some(IpAddr::V6(_))) => IpNet::V6(Ipv6Net::default()),
        (Target::Default, None) => {
            demand(via, &key.key("via"), "a default route has a next hop: `via = \"192.0.2.1\"`", court)?;
            return None;
        }
        (Target::Network(network), _) => *network,
    };
    if let Some(via) = via
        && via.is_ipv4() != to.addr().is_ipv4()
    {
        let message = format!("{to} and the next hop {via} are not of one family");
        court.complain(&Problem::Conflict(message), &key.key("via"), None);
        return None;
    }
    Some(Route { to, via, metric: route.metric })
}

pub(super) fn check(drafts: &Drafts<'_>, court: &mut Court<'_>) {
    let mut addresses: BTreeMap<IpAddr, KeyPath> = BTreeMap::new();
    for draft in drafts.values() {
        mtu(draft, drafts, court);
        let keys = text_keys::<Interface>(&draft.key.key("addresses"), court);
        for (key, interface) in keys.into_iter().zip(draft.written.addresses.iter().flatten()) {
            let address = interface.get().addr();
            if let Some(first) = addresses.insert(address, key.clone()) {
                let message = format!("{address} stands twice");
                let origin = court.origins.of(&first);
                let diagnostic = complaint(message, &key, court).with_other("the first is here", origin);
                court.put(diagnostic);
            }
        }
    }
    routes(drafts, &addresses, court);
}

/// No two routes lead to one place with one metric, and none leads by the node itself.
fn routes(drafts: &Drafts<'_>, addresses: &BTreeMap<IpAddr, KeyPath>, court: &mut Court<'_>) {
    let mut known: BTreeMap<(Target, bool, Option<u32>), KeyPath> = BTreeMap::new();
    for draft in drafts.values() {
        let keys = table_keys(&draft.key.key("routes"), court);
        for (key, route) in keys.into_iter().zip(draft.written.routes.iter().flatten()) {
            let via = route.via.as_ref().map(|via| *via.get());
            if let Some(via) = via.filter(|via| addresses.contains_key(via)) {
                let message = format!("the next hop {via} is an address of the node itself");
                court.complain(&Problem::Conflict(message), &key.key("via"), None);
            }
            let Some(to) = &route.to else { continue };
            let family = via.is_none_or(|via| via.is_ipv4());
            // Networks say their family themselves.
            let family = family || *to.get() != Target::Default;
            if let Some(first) = known.insert((*to.get(), family, route.metric), key.clone()) {
                let message = "two routes lead to one network with one metric".to_owned();
                let origin = court.origins.of(&first.key("to"));
                let diagnostic = complaint(message, &key.key("to"), court)
                    .with_help("give one of them another `metric`: the lower one is used")
                    .with_other("the other is here", origin);
                court.put(diagnostic);
            }
        }
    }
}

fn mtu(draft: &Draft<'_>, drafts: &Drafts<'_>, court: &mut Court<'_>) {
    let Some(mtu) = draft.written.mtu else { return };
    let key = draft.key.key("mtu");
    let written = draft.written;
    let addresses = written.addresses.as_deref().unwrap_or_default();
    let routes = written.routes.as_deref().unwrap_or_default();
    let via_v6 = |route: &written::Route| route.via.as_ref().is_some_and(|via| via.get().is_ipv6());
    let ipv6 = written.dhcp6 == Some(true)
        || written.slaac == Some(true)
        || addresses.iter().any(|address| address.get().addr().is_ipv6())
        || routes.iter().any(via_v6);
    if ipv6 && mtu < IPV6_MTU {
        let message = format!("a link with IPv6 has an MTU of {IPV6_MTU} at least, not {mtu}");
        court.complain(&Problem::Conflict(message), &key, None);
    }
    if let LinkKind::Vlan { link, .. } = &draft.kind
        && let Some(below) = drafts.get(link.as_str())
        && let Some(most) = below.written.mtu.filter(|most| mtu > *most)
    {
        let message = format!("packets of {mtu} bytes don't fit through `{link}`, which takes {most}");
        court.conflict(message, &key, ("the link below", &below.key.key("mtu")));
    }
}

/// The first key by which a link has addresses or routes of its own.
pub(super) fn first_key(draft: &Draft<'_>, court: &Court<'_>) -> Option<KeyPath> {
    let written = draft.written;
    let keys = [
        ("dhcp4", written.dhcp4 == Some(true)),
        ("dhcp6", written.dhcp6 == Some(true)),
        ("slaac", written.slaac == Some(true)),
        ("addresses", written.addresses.as_ref().is_some_and(|list| !list.is_empty())),
        ("routes", written.routes.as_ref().is_some_and(|list| !list.is_empty())),
    ];
    let key = keys.into_iter().find(|(_, is_there)| *is_there).map(|(key, _)| draft.key.key(key))?;
    court.origins.tree().at(&key).map(|_| key)
}

/// A complaint at the value of a key.
pub(super) fn complaint(message: String, key: &KeyPath, court: &Court<'_>) -> Diagnostic {
    Diagnostic::of(SUBJECT, &Problem::Conflict(message)).at(key, court.origins)
}
