//! Where addresses come from, and when they go.

use std::time::Duration;

use corten_config::settings::{Addressing, Route};
use corten_network::Source;

use crate::lab::{Lab, Side, addresses, card, fixed, lab, order};

const RANGE: &str = "--dhcp-range=192.0.2.100,192.0.2.150,255.255.255.0,2m";
const OPTIONS: [&str; 5] = [
    RANGE,
    "--dhcp-option=option:router,192.0.2.1",
    "--dhcp-option=option:dns-server,192.0.2.53,192.0.2.54",
    "--dhcp-option=option:ntp-server,192.0.2.123",
    "--dhcp-option=option:domain-search,lan.example,example.org",
];

fn dhcp() -> Addressing {
    Addressing { dhcp4: true, metric: Some(50), ..Addressing::default() }
}

fn leased(lab: &Lab) -> String {
    let is_leased = |state: &corten_network::State| {
        addresses(state, "eth0").iter().any(|one| one.starts_with("192.0.2.1"))
    };
    let state = lab.wait("a lease", is_leased);
    addresses(&state, "eth0").remove(0)
}

#[test]
fn a_lease_brings_all_that_the_server_offers() {
    let Some(mut lab) = lab() else { return };
    lab.serve(&OPTIONS);
    lab.start();
    lab.order(&order(1, &[("wan", card("eth0", dhcp()))]));
    let address = leased(&lab);
    let state = lab.wait("bound", |state| state.links["eth0"].dhcp4.as_deref() == Some("bound"));
    let link = &state.links["eth0"];
    assert_eq!(link.configured_as.as_deref(), Some("wan"));
    assert_eq!(link.addresses[0].source, Source::Dhcp4);
    assert!(link.addresses[0].valid_until_ms.is_some());
    assert_eq!(link.problem, None);
    assert_eq!(state.dns.iter().map(ToString::to_string).collect::<Vec<_>>(), ["192.0.2.53", "192.0.2.54"]);
    assert_eq!(state.search, ["lan.example", "example.org"]);
    assert_eq!(state.ntp, ["192.0.2.123"]);
    let routes = lab.run(Side::Node, "ip route");
    assert!(routes.contains("default via 192.0.2.1 dev eth0 proto dhcp metric 50"), "{routes}");
    let resolver =
        std::fs::read_to_string(lab.root().join("run/corten/network/resolv.conf")).expect("written");
    assert_eq!(resolver, "nameserver 192.0.2.53\nnameserver 192.0.2.54\nsearch lan.example example.org\n");
    let hosts = std::fs::read_to_string(lab.root().join("run/corten/network/hosts")).expect("written");
    assert!(hosts.contains("127.0.1.1 node1\n"), "{hosts}");
    // The server was told the name.
    let leases = std::fs::read_to_string(lab.root().join("dnsmasq.leases")).expect("dnsmasq keeps them");
    assert!(leases.contains("node1"), "{leases}");

    // An order without DHCP gives the lease back and takes everything away that came with it.
    lab.order(&order(2, &[("wan", card("eth0", fixed(&["192.0.2.7/24"])))]));
    let state = lab.wait("only the fixed address", |state| addresses(state, "eth0") == ["192.0.2.7/24"]);
    assert_eq!(state.dns, Vec::<std::net::IpAddr>::new());
    let there = lab.run(Side::Node, "ip address show dev eth0");
    assert!(!there.contains(&address), "{there}");
    assert!(!lab.run(Side::Node, "ip route").contains("default"));
    let given_back = |lab: &Lab| {
        let log = std::fs::read_to_string(lab.root().join("dnsmasq.log")).unwrap_or_default();
        log.contains("DHCPRELEASE")
    };
    assert!((0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        given_back(&lab)
    }));
}

#[test]
fn a_lease_is_renewed() {
    let Some(mut lab) = lab() else { return };
    let mut options = OPTIONS.to_vec();
    options.extend(["--dhcp-option=option:T1,3", "--dhcp-option=option:T2,60"]);
    lab.serve(&options);
    lab.start();
    lab.order(&order(1, &[("wan", card("eth0", dhcp()))]));
    let address = leased(&lab);
    let end = |state: &corten_network::State| state.links["eth0"].addresses[0].valid_until_ms;
    let first = lab.wait("an end", |state| end(state).is_some());
    let asked = discovered(&lab);
    let later = lab.wait("renewed", |state| end(state) > end(&first));
    assert_eq!(addresses(&later, "eth0"), [address]);
    // By its server alone, not by asking everybody.
    assert_eq!(discovered(&lab), asked);
    assert!(!lab.log().contains("remove"), "{}", lab.log());
}

#[test]
fn a_restart_keeps_the_address_and_a_dead_server_loses_it_at_its_end() {
    let Some(mut lab) = lab() else { return };
    lab.serve(&OPTIONS);
    lab.start();
    lab.order(&order(1, &[("wan", card("eth0", dhcp()))]));
    let address = leased(&lab);
    lab.wait("bound", |state| state.links["eth0"].dhcp4.as_deref() == Some("bound"));
    // A busy machine may have had to ask twice.
    let asked = discovered(&lab);
    lab.stop();
    let there = |lab: &Lab| lab.run(Side::Node, "ip address show dev eth0").contains(&address);
    assert!(there(&lab), "a stop keeps the address");

    // The server says yes to the next process, which asks for what the one before had.
    lab.start();
    let bound = |lab: &Lab| std::fs::read_to_string(lab.root().join("dnsmasq.log")).unwrap_or_default();
    for _ in 0..200 {
        if bound(&lab).matches("DHCPACK").count() == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = bound(&lab);
    assert_eq!((log.matches("DHCPACK").count(), discovered(&lab)), (2, asked), "{log}");
    lab.wait("bound", |state| state.links["eth0"].dhcp4.as_deref() == Some("bound"));
    assert!(there(&lab));
    assert!(!lab.log().contains("remove"), "{}", lab.log());

    // dnsmasq leases for two minutes at least. A lease that ends in twelve seconds is what a process finds that starts
    // two minutes late.
    lab.stop();
    lab.stop_serving();
    shorten(&lab, 108_000);
    lab.start();
    assert!(there(&lab));
    lab.wait("asking", |state| state.links["eth0"].dhcp4.as_deref() == Some("rebinding"));
    lab.wait("no address", |state| addresses(state, "eth0").is_empty());
    assert!(!there(&lab));
    assert!(!lab.run(Side::Node, "ip route").contains("default"));

    // And once the server is back, so is an address.
    lab.serve(&OPTIONS);
    leased(&lab);
}

/// How often a server was looked for.
fn discovered(lab: &Lab) -> usize {
    let log = std::fs::read_to_string(lab.root().join("dnsmasq.log")).unwrap_or_default();
    log.matches("DHCPDISCOVER").count()
}

/// Makes the remembered lease end this many milliseconds earlier.
fn shorten(lab: &Lab, by_ms: u64) {
    let path = lab.root().join("run/corten/network/leases.json");
    let mut leases: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("remembered")).expect("JSON");
    let lease = &mut leases["links"]["eth0"]["v4"];
    for time in ["renew-ms", "rebind-ms", "expires-ms"] {
        let ms = lease[time].as_u64().expect("it ends");
        lease[time] = ms.saturating_sub(by_ms).into();
    }
    std::fs::write(&path, serde_json::to_vec(&leases).expect("JSON")).expect("writable");
}

#[test]
fn fixed_addresses_and_routes_follow_the_order() {
    let Some(mut lab) = lab() else { return };
    let mut addressing = fixed(&["192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64"]);
    let route = |to: &str, via: &str, metric| Route {
        to: to.parse().expect("a network"),
        via: via.parse().ok(),
        metric,
    };
    addressing.routes = vec![
        route("0.0.0.0/0", "192.0.2.1", None),
        route("10.0.0.0/8", "172.31.1.1", Some(7)),
        route("198.51.100.0/24", "", None),
        route("::/0", "2001:db8::1", None),
    ];
    // What somebody else set stays.
    lab.run(Side::Node, "ip address add 203.0.113.5/24 dev eth0");
    lab.start();
    lab.order(&order(1, &[("lan", card("eth0", addressing.clone()))]));
    let all = ["192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64"];
    lab.wait("addresses", |state| addresses(state, "eth0") == all);
    let routes = lab.run(Side::Node, "ip route");
    for route in [
        "default via 192.0.2.1 dev eth0 proto static",
        "10.0.0.0/8 via 172.31.1.1 dev eth0 proto static metric 7 onlink",
        "198.51.100.0/24 dev eth0 proto static scope link",
    ] {
        assert!(routes.contains(route), "{route} in\n{routes}");
    }
    let routes = lab.run(Side::Node, "ip -6 route");
    assert!(routes.contains("default via 2001:db8::1 dev eth0 proto static metric 1024"), "{routes}");

    // Another process finds it all as it should be, and does nothing.
    lab.stop();
    let before = lab.log().lines().count();
    lab.start();
    std::thread::sleep(Duration::from_secs(1));
    let new: Vec<String> = lab.log().lines().skip(before).map(ToOwned::to_owned).collect();
    assert_eq!(new, ["order 1", "firewall: as ordered"]);

    // The first address of a network goes; the second one stays.
    addressing.addresses.remove(0);
    addressing.routes.truncate(1);
    lab.order(&order(2, &[("lan", card("eth0", addressing))]));
    lab.wait("addresses", |state| addresses(state, "eth0") == all[1..]);
    let there = lab.run(Side::Node, "ip address show dev eth0");
    assert!(there.contains("203.0.113.5/24") && !there.contains("192.0.2.7/24"), "{there}");
    let routes = lab.run(Side::Node, "ip route");
    assert!(routes.contains("default via 192.0.2.1") && !routes.contains("10.0.0.0/8"), "{routes}");

    // Somebody takes an address away; it comes back.
    lab.run(Side::Node, "ip address del 192.0.2.8/24 dev eth0");
    lab.wait("it comes back", |_| lab.run(Side::Node, "ip address show dev eth0").contains("192.0.2.8/24"));

    // Nothing is wanted of the link any longer.
    lab.order(&order(3, &[]));
    let there = || lab.run(Side::Node, "ip address show dev eth0");
    lab.wait("nothing of ours", |_| !there().contains("192.0.2.8") && !there().contains("2001:db8::7"));
    assert!(there().contains("203.0.113.5/24"));
    assert!(!lab.run(Side::Node, "ip route").contains("static"));
}

#[test]
fn routers_give_addresses_routes_and_name_servers() {
    let Some(mut lab) = lab() else { return };
    lab.run(Side::Router, "ip address add 2001:db8:7::1/64 dev r0 nodad");
    let serve = [
        "--dhcp-range=2001:db8:7::,ra-only,64,600",
        "--enable-ra",
        "--dhcp-option=option6:dns-server,[2001:db8:7::53]",
    ];
    lab.serve(&serve);
    lab.start();
    lab.order(&order(1, &[("lan", card("eth0", Addressing { slaac: true, ..Addressing::default() }))]));
    let is_there = |state: &corten_network::State| {
        addresses(state, "eth0").iter().any(|one| one.starts_with("2001:db8:7:"))
    };
    let state = lab.wait("an address", |state| is_there(state) && !state.dns.is_empty());
    assert_eq!(state.links["eth0"].addresses[0].source, Source::Slaac);
    assert_eq!(state.dns, ["2001:db8:7::53".parse::<std::net::IpAddr>().expect("an address")]);
    let routes = lab.run(Side::Node, "ip -6 route");
    assert!(routes.contains("default via fe80::"), "{routes}");

    // Without it what came from the router goes.
    lab.order(&order(2, &[("lan", card("eth0", fixed(&["2001:db8:8::1/64"])))]));
    lab.wait("only the fixed one", |state| {
        addresses(state, "eth0") == ["2001:db8:8::1/64"] && state.dns.is_empty()
    });
    assert!(!lab.run(Side::Node, "ip -6 route").contains("default"));

    // And comes back, on a link that is up all the time.
    lab.order(&order(3, &[("lan", card("eth0", Addressing { slaac: true, ..Addressing::default() }))]));
    lab.wait("an address again", is_there);
}

#[test]
fn a_server_gives_addresses_of_ipv6_while_routers_give_routes() {
    let Some(mut lab) = lab() else { return };
    lab.run(Side::Router, "ip address add 2001:db8:7::1/64 dev r0 nodad");
    let serve = [
        "--dhcp-range=2001:db8:7::100,2001:db8:7::1ff,64,2m",
        "--enable-ra",
        "--dhcp-option=option6:dns-server,[2001:db8:7::53]",
        "--dhcp-option=option6:domain-search,six.example",
        "--dhcp-option=option6:ntp-server,[2001:db8:7::123]",
    ];
    lab.serve(&serve);
    lab.start();
    lab.order(&order(1, &[("lan", card("eth0", Addressing { dhcp6: true, ..Addressing::default() }))]));
    let bound = |state: &corten_network::State| {
        state
            .links
            .get("eth0")
            .is_some_and(|link| link.dhcp6.as_deref() == Some("bound") && !link.addresses.is_empty())
    };
    let state = lab.wait("bound", bound);
    let link = &state.links["eth0"];
    assert_eq!((link.addresses.len(), link.addresses[0].source), (1, Source::Dhcp6));
    assert!(link.addresses[0].valid_until_ms.is_some());
    let address = link.addresses[0].address.to_string();
    assert!(address.starts_with("2001:db8:7::1") && address.ends_with("/128"), "{address}");
    assert_eq!(state.dns, ["2001:db8:7::53".parse::<std::net::IpAddr>().expect("an address")]);
    assert_eq!(
        (state.search, state.ntp),
        (vec!["six.example".to_owned()], vec!["2001:db8:7::123".to_owned()])
    );
    let route = |lab: &Lab| lab.run(Side::Node, "ip -6 route").contains("default via fe80::");
    lab.wait("a route", |_| route(&lab));

    // The next process asks any server whether it may go on with it, and may.
    lab.stop();
    lab.start();
    let log = || std::fs::read_to_string(lab.root().join("dnsmasq.log")).unwrap_or_default();
    lab.wait("asked again", |state| bound(state) && log().contains("DHCPREBIND"));
    assert_eq!(addresses(&lab.wait("bound", bound), "eth0"), [address]);
    assert_eq!(log().matches("DHCPREQUEST").count(), 1, "{}", log());
    assert!(!lab.log().contains("remove"), "{}", lab.log());

    lab.order(&order(2, &[("lan", card("eth0", Addressing::default()))]));
    lab.wait("given back", |state| addresses(state, "eth0").is_empty() && log().contains("DHCPRELEASE"));
}
