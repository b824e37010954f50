//! Properties of a plan: carried out, it leaves nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use corten_config::settings::{self, Addressing, BondMode, LinkKind, Match, Network};
use ipnet::{IpNet, Ipv4Net};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::dhcp::v4::{Lease, LeaseRoute};

const CARDS: [&str; 3] = ["eth0", "eth1", "eth2"];
const OTHERS: [&str; 2] = ["veth0", "tun0"];
const MADE: [&str; 4] = ["bond0", "br0", "vlan1", "vlan2"];

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

fn nets() -> impl Strategy<Value = IpNet> {
    select(vec![
        "10.0.0.1/24",
        "10.0.0.2/24",
        "10.1.0.1/32",
        "192.0.2.7/28",
        "2001:db8::1/64",
        "2001:db8:1::2/128",
    ])
    .prop_map(net)
}

fn destinations() -> impl Strategy<Value = (IpNet, Option<IpAddr>)> {
    let pairs = [
        ("0.0.0.0/0", "10.0.0.254"),
        ("0.0.0.0/0", "192.168.7.1"),
        ("10.9.0.0/16", ""),
        ("::/0", "fe80::1"),
        ("2001:db8:9::/48", "2001:db8::5"),
    ];
    select(pairs.to_vec()).prop_map(|(to, via)| (net(to), via.parse().ok()))
}

fn kind(name: &str) -> BoxedStrategy<Kind> {
    let below = select(vec!["eth0", "eth1", "bond0", "br0"]);
    match name {
        "bond0" => select(vec![None, Some(BondMode::Lacp), Some(BondMode::ActiveBackup)])
            .prop_map(|mode| Kind::Bond { mode })
            .boxed(),
        "br0" => any::<bool>().prop_map(|stp| Kind::Bridge { stp }).boxed(),
        "vlan1" | "vlan2" => {
            (below, 1_u16..4).prop_map(|(below, id)| Kind::Vlan { below: Some(below.to_owned()), id }).boxed()
        }
        "lo" => Just(Kind::Loopback).boxed(),
        name if CARDS.contains(&name) => Just(Kind::Card).boxed(),
        _ => Just(Kind::Other).boxed(),
    }
}

fn link(name: &'static str) -> impl Strategy<Value = Link> {
    let made = MADE.contains(&name);
    let master = select(vec![None, None, Some("bond0"), Some("br0")]);
    let mtu = select(vec![1400, 1500, 9000]);
    (kind(name), any::<[bool; 3]>(), master, mtu, prop::option::of((0_u8..3, 0_u8..2))).prop_map(
        move |(kind, [ours, managed, up], master, mtu, ipv6)| Link {
            index: 7,
            kind,
            ours: ours && made,
            managed,
            mac: (name != "tun0").then_some([2, 0, 0, 0, 0, 1]),
            permanent: None,
            driver: Some("virtio_net".into()).filter(|_| CARDS.contains(&name)),
            mtu,
            up,
            carrier: up,
            master: master.map(ToOwned::to_owned),
            ipv6: ipv6.map(|(accept, autoconf)| Ipv6 { accept, autoconf }),
        },
    )
}

fn observed() -> impl Strategy<Value = Observed> {
    let names: Vec<&'static str> = CARDS.iter().chain(&OTHERS).chain(&MADE).chain(&["lo"]).copied().collect();
    let links: Vec<_> = names.iter().map(|name| prop::option::of(link(name))).collect();
    let owner = select(vec![AddressOwner::Ours, AddressOwner::Slaac, AddressOwner::Foreign]);
    let addresses = vec((select(names.clone()), nets(), owner), 0..8);
    // Routes of others have metrics of their own, since the kernel refuses ours where theirs are the same.
    let route_owner = select(vec![
        (RouteOwner::Static, 0),
        (RouteOwner::Dhcp, 1031),
        (RouteOwner::Router, 1024),
        (RouteOwner::Foreign, 77),
    ]);
    let routes = vec((select(names.clone()), destinations(), route_owner, any::<bool>()), 0..8);
    (links, addresses, routes).prop_map(move |(links, addresses, routes)| {
        let mut observed = Observed::default();
        for (name, link) in names.iter().zip(links) {
            observed.links.extend(link.map(|link| ((*name).to_owned(), link)));
        }
        make_possible(&mut observed);
        let exists = |name: &str| observed.links.get(name);
        for (link, net, owner) in addresses {
            let is_new = !observed.addresses.iter().any(|one: &Address| one.link == link && one.net == net);
            if exists(link).is_some_and(|link| link.up || net.addr().is_ipv4()) && is_new {
                observed.addresses.insert(Address { link: link.to_owned(), net, owner });
            }
        }
        for (link, (to, via), (owner, metric), onlink) in routes {
            let onlink = onlink && via.is_some();
            if observed.links.get(link).is_some_and(|link| link.up) {
                let route = Route { link: link.to_owned(), to, via, metric, onlink, owner };
                if !observed.has_route(&route) {
                    observed.routes.insert(route);
                }
            }
        }
        observed
    })
}

/// Drops what no kernel would show: parts of what is not there, VLANs on nothing, circles. And links of others that
/// stand on ours, whose end with ours nobody plans.
fn make_possible(observed: &mut Observed) {
    let names: BTreeSet<String> = observed.links.keys().cloned().collect();
    let is_ours: Vec<String> =
        observed.links.iter().filter(|(_, link)| link.ours).map(|(name, _)| name.clone()).collect();
    observed.links.retain(|_, link| match &link.kind {
        Kind::Vlan { below: Some(below), .. } => {
            names.contains(below) && (link.ours || !is_ours.contains(below))
        }
        _ => true,
    });
    let names: BTreeSet<String> = observed.links.keys().cloned().collect();
    for (name, link) in &mut observed.links {
        let is_possible = |master: &String| names.contains(master) && CARDS.contains(&name.as_str());
        link.master = link.master.take().filter(is_possible);
    }
}

fn addressing() -> impl Strategy<Value = Addressing> {
    let routes = vec((destinations(), prop::option::of(select(vec![5, 6]))), 0..3);
    (any::<[bool; 3]>(), vec(nets(), 0..3), routes).prop_map(|([dhcp4, dhcp6, slaac], addresses, routes)| {
        let route = |((to, via), metric)| settings::Route { to, via, metric };
        let routes = routes.into_iter().map(route).collect();
        Addressing { dhcp4, dhcp6, slaac, addresses, routes, metric: None }
    })
}

fn settings_of(name: &'static str) -> impl Strategy<Value = settings::Link> {
    let all = vec!["lan", "wan", "bond0", "br0", "vlan1", "vlan2"];
    let below = select(all.clone());
    let members = vec(select(all), 0..3);
    let stp = any::<bool>();
    let mode = select(vec![BondMode::Lacp, BondMode::ActiveBackup]);
    let matches =
        select(vec![("eth*", ""), ("eth0", ""), ("veth0", ""), ("", "virtio_net"), ("*1", "virtio_net")]);
    let kind = (below, members, stp, mode, matches, 1_u16..4).prop_map(
        move |(below, members, stp, mode, (pattern, driver), id)| {
            let links = members.into_iter().map(ToOwned::to_owned).collect();
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            match name {
                "bond0" => LinkKind::Bond { links, mode },
                "br0" => LinkKind::Bridge { links, stp },
                "vlan1" | "vlan2" => LinkKind::Vlan { link: below.to_owned(), id },
                _ => LinkKind::Physical(Match { name: some(pattern), mac: None, driver: some(driver) }),
            }
        },
    );
    let mtu = prop::option::of(select(vec![1400, 1500, 9000]));
    (kind, mtu, addressing()).prop_map(|(kind, mtu, addressing)| settings::Link { kind, mtu, addressing })
}

fn network() -> impl Strategy<Value = Network> {
    let names = ["lan", "wan", "bond0", "br0", "vlan1", "vlan2"];
    let links: Vec<_> = names.iter().map(|name| prop::option::of(settings_of(name))).collect();
    links.prop_map(move |links| {
        let links = names.iter().zip(links);
        let links = links.filter_map(|(name, link)| Some(((*name).to_owned(), link?))).collect();
        Network { links, ..Network::default() }
    })
}

fn leases() -> impl Strategy<Value = BTreeMap<String, LinkLease>> {
    let names: Vec<String> = CARDS.iter().chain(&MADE).map(|name| (*name).to_owned()).collect();
    let some = (1_u8..4, prop::option::of(select(vec![1400_u32, 1500])), any::<bool>());
    let lease = some.prop_map(|(host, mtu, with_v6)| LinkLease {
        metric: 1024 + u32::from(host),
        v4: Some(Lease {
            address: Ipv4Net::new(Ipv4Addr::new(172, 16, 0, host), 24).expect("24 fits"),
            server: Ipv4Addr::new(172, 16, 0, 254),
            routes: vec![LeaseRoute { to: Ipv4Net::default(), via: Some(Ipv4Addr::new(172, 16, 0, 254)) }],
            dns: vec![],
            search: vec![],
            ntp: vec![],
            mtu,
            hostname: None,
            renew_ms: None,
            rebind_ms: None,
            expires_ms: None,
        }),
        v6: with_v6.then(|| crate::dhcp::v6::Lease {
            address: std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(host)),
            server: vec![1],
            dns: vec![],
            search: vec![],
            ntp: vec![],
            renew_ms: None,
            rebind_ms: None,
            expires_ms: None,
        }),
    });
    btree_map(select(names), lease, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever was there: after the steps of a plan all is as wanted, and there is nothing left to do.
    #[test]
    fn a_plan_reaches_what_is_wanted(start in observed(), network in network(), leases in leases()) {
        let wanted = Wanted::of(&start, &network, &leases);
        let actions = plan(&start, &wanted);
        let mut end = start.clone();
        for action in &actions {
            end.apply(action);
        }
        let again = Wanted::of(&end, &network, &leases);
        prop_assert_eq!(&again.links, &wanted.links);
        prop_assert_eq!(plan(&end, &again), vec![], "after {:#?}", actions);
        is_as_wanted(&end, &wanted)?;
        others_are_left_alone(&start, &end, &wanted)?;
    }

    /// Cards come and go in any order: what stands at the end is the same.
    #[test]
    fn the_order_in_which_links_appear_does_not_matter(
        network in network(), order in Just(CARDS.to_vec()).prop_shuffle(),
    ) {
        let card = |name: &str| Link {
            index: 3,
            kind: Kind::Card,
            ours: false,
            managed: false,
            mac: Some([2, 0, 0, 0, 0, name.len() as u8]),
            permanent: None,
            driver: Some("virtio_net".into()),
            mtu: 1500,
            up: false,
            carrier: false,
            master: None,
            ipv6: Some(Ipv6 { accept: 1, autoconf: 1 }),
        };
        let settle = |now: &mut Observed| {
            let wanted = Wanted::of(now, &network, &BTreeMap::new());
            for action in plan(now, &wanted) {
                now.apply(&action);
            }
            for link in now.links.values_mut() {
                link.managed = true;
            }
        };
        let links = CARDS.iter().map(|name| ((*name).to_owned(), card(name))).collect();
        let mut at_once = Observed { links, ..Observed::default() };
        let mut by_and_by = Observed::default();
        settle(&mut at_once);
        for name in order {
            by_and_by.links.insert(name.to_owned(), card(name));
            settle(&mut by_and_by);
        }
        // The size of a packet that nobody asked for stays what it was, which depends on what a link was part of.
        for link in at_once.links.values_mut().chain(by_and_by.links.values_mut()) {
            link.mtu = 0;
        }
        prop_assert_eq!(at_once, by_and_by);
    }
}

fn is_as_wanted(end: &Observed, wanted: &Wanted) -> Result<(), TestCaseError> {
    for (name, link) in &wanted.links {
        let there = end.links.get(name);
        prop_assert!(there.is_some_and(|there| there.up), "{} is not up", name);
        let Some(there) = there else { continue };
        prop_assert!(link.mtu.is_none_or(|mtu| mtu == there.mtu), "mtu of {}", name);
        prop_assert!(link.make.as_ref().is_none_or(|make| make.kind() == there.kind), "kind of {}", name);
        prop_assert!(there.ipv6.is_none_or(|ipv6| ipv6 == link.ipv6), "ipv6 of {}", name);
        if link.master.is_some() {
            prop_assert_eq!(&there.master, &link.master);
        }
        for net in link.addresses.keys() {
            prop_assert!(end.has_address(name, *net), "{} lacks {}", name, net);
        }
        for route in &link.routes {
            prop_assert!(end.has_route(route), "{} is missing", route);
        }
    }
    for address in end.addresses.iter().filter(|address| address.owner == AddressOwner::Ours) {
        let link = wanted.links.get(&address.link);
        prop_assert!(
            link.is_some_and(|link| link.addresses.contains_key(&address.net)),
            "{:?} stays",
            address
        );
    }
    for (name, link) in end.links.iter().filter(|(_, link)| link.ours) {
        prop_assert!(wanted.links.contains_key(name), "{} stays: {:?}", name, link);
    }
    Ok(())
}

fn others_are_left_alone(start: &Observed, end: &Observed, wanted: &Wanted) -> Result<(), TestCaseError> {
    for (name, link) in start.links.iter().filter(|(_, link)| !link.ours && !link.managed) {
        let is_part =
            link.master.as_ref().is_some_and(|master| start.links.get(master).is_some_and(|one| one.ours));
        let stands_on_ours = matches!(&link.kind, Kind::Vlan { .. });
        let had_ours = start.addresses.iter().any(|one| one.link == *name && one.owner == AddressOwner::Ours);
        let is_loopback = link.kind == Kind::Loopback;
        if wanted.links.contains_key(name) || is_loopback || is_part || stands_on_ours || had_ours {
            continue;
        }
        prop_assert_eq!(end.links.get(name), Some(link));
        let foreign = |one: &&Route| one.link == *name;
        prop_assert!(
            start.routes.iter().filter(foreign).eq(end.routes.iter().filter(foreign)),
            "routes of {}",
            name
        );
    }
    Ok(())
}
