//! Links that the node makes.

use corten_config::settings::{Addressing, BondMode, Link, LinkKind};
use corten_network::Order;

use crate::lab::{Lab, Side, addresses, card, fixed, lab, order};

fn made(kind: LinkKind, addressing: Addressing) -> Link {
    Link { kind, mtu: None, addressing }
}

fn bridge(links: &[&str]) -> LinkKind {
    LinkKind::Bridge { links: links.iter().map(|name| (*name).to_owned()).collect(), stp: false }
}

/// Whether the kernel of this machine knows a kind of link; without it the test is skipped.
fn knows(lab: &Lab, arguments: &str) -> bool {
    match lab.output(Side::Router, &format!("ip link add {arguments}")) {
        Ok(_) => true,
        Err(why) => {
            eprintln!("skipped: {why}");
            false
        }
    }
}

#[test]
fn a_bridge_comes_takes_what_it_is_made_of_and_goes() {
    let Some(mut lab) = lab() else { return };
    lab.start();
    let both = |generation, members: &[&str], stp| {
        let mut kind = bridge(members);
        if let LinkKind::Bridge { stp: wanted, .. } = &mut kind {
            *wanted = stp;
        }
        order(
            generation,
            &[
                ("br0", made(kind, fixed(&["192.0.2.7/24"]))),
                ("one", card("eth0", Addressing::default())),
                ("two", card("eth1", Addressing::default())),
            ],
        )
    };
    let write = |order: &Order| order.write(lab.root()).expect("writable");
    write(&both(1, &["one", "two"], false));
    // The second cable is not there yet, and that is said.
    let state = lab.wait("a bridge", |state| addresses(state, "br0") == ["192.0.2.7/24"]);
    assert!(state.problems.iter().any(|text| text.contains("two: no card fits")), "{state:?}");
    assert!(state.links["br0"].problem.as_deref().is_some_and(|text| text.contains("two")), "{state:?}");
    lab.cable("r1", "eth1").expect("a cable");
    lab.wait("both cards", |state| state.links.len() == 3 && state.problems.is_empty());
    let members = || {
        let text = lab.run(Side::Node, "ip -br link show master br0");
        let mut names: Vec<String> =
            text.lines().filter_map(|line| line.split(['@', ' ']).next()).map(ToOwned::to_owned).collect();
        names.sort();
        names
    };
    lab.wait("both in it", |_| members() == ["eth0", "eth1"]);

    // What a container brings stays in it; what is no longer part of it leaves.
    lab.run(Side::Node, "ip link add c0 type veth peer name c1");
    lab.run(Side::Node, "ip link set c0 master br0");
    write(&both(2, &["two"], true));
    lab.wait("one left", |_| members() == ["c0", "eth1"]);
    lab.wait("stp", |_| lab.run(Side::Node, "ip -d link show dev br0").contains("stp_state 1"));

    write(&order(3, &[("two", card("eth1", fixed(&["192.0.2.7/24"])))]));
    lab.wait("no bridge", |state| addresses(state, "eth1") == ["192.0.2.7/24"]);
    assert!(lab.output(Side::Node, "ip link show dev br0").is_err());
    assert!(lab.output(Side::Node, "ip link show dev c0").is_ok());
}

#[test]
fn what_somebody_else_made_is_left_alone() {
    let Some(mut lab) = lab() else { return };
    lab.run(Side::Node, "ip link add br0 type bridge");
    lab.run(Side::Node, "ip address add 10.9.9.9/24 dev br0");
    lab.start();
    order(1, &[("br0", made(bridge(&[]), fixed(&["192.0.2.7/24"])))]).write(lab.root()).expect("writable");
    let state = lab.wait("said", |state| state.generation == 1);
    assert!(state.problems.iter().any(|text| text.contains("is not ours")), "{state:?}");
    lab.order(&order(2, &[]));
    let there = lab.run(Side::Node, "ip address show dev br0");
    assert!(there.contains("10.9.9.9/24") && !there.contains("192.0.2.7"), "{there}");
    assert!(!lab.run(Side::Node, "ip link show dev eth0").contains(",UP"), "nobody asked for it");
}

#[test]
fn a_vlan_comes_changes_and_goes() {
    let Some(mut lab) = lab() else { return };
    if !knows(&lab, "link r0 name r0.5 type vlan id 5") {
        return;
    }
    lab.start();
    let with = |generation, id| {
        let vlan = made(LinkKind::Vlan { link: "lan".into(), id }, fixed(&["10.5.0.7/24"]));
        order(generation, &[("lan", card("eth0", fixed(&["192.0.2.7/24"]))), ("storage", vlan)])
    };
    lab.order(&with(1, 5));
    lab.wait("an address", |state| addresses(state, "storage") == ["10.5.0.7/24"]);
    assert!(lab.run(Side::Node, "ip -d link show dev storage").contains("id 5"));
    lab.order(&with(2, 6));
    lab.wait("number 6", |_| {
        lab.output(Side::Node, "ip -d link show dev storage").is_ok_and(|text| text.contains("id 6"))
    });
    lab.wait("an address", |state| addresses(state, "storage") == ["10.5.0.7/24"]);
    lab.order(&order(3, &[("lan", card("eth0", fixed(&["192.0.2.7/24"])))]));
    assert!(lab.output(Side::Node, "ip link show dev storage").is_err());
}

#[test]
fn a_bond_comes_and_goes() {
    let Some(mut lab) = lab() else { return };
    if !knows(&lab, "name probe type bond") {
        return;
    }
    lab.cable("r1", "eth1").expect("a cable");
    lab.start();
    let kind = LinkKind::Bond { links: vec!["one".into(), "two".into()], mode: BondMode::ActiveBackup };
    let cards = [("one", card("eth0", Addressing::default())), ("two", card("eth1", Addressing::default()))];
    let bond = made(kind, fixed(&["192.0.2.7/24"]));
    lab.order(&order(1, &[("bond0", bond), cards[0].clone(), cards[1].clone()]));
    lab.wait("an address", |state| addresses(state, "bond0") == ["192.0.2.7/24"]);
    let text = lab.run(Side::Node, "ip -d link show master bond0");
    assert!(text.contains("eth0") && text.contains("eth1"), "{text}");
    lab.order(&order(2, &cards));
    assert!(lab.output(Side::Node, "ip link show dev bond0").is_err());
    lab.wait("both up", |_| {
        lab.run(Side::Node, "ip link show dev eth0").contains(",UP")
            && lab.run(Side::Node, "ip link show dev eth1").contains(",UP")
    });
}

#[test]
fn a_bridge_on_a_vlan_on_a_bond_carries_packets_and_comes_back() {
    let Some(mut lab) = lab() else { return };
    if !knows(&lab, "name probe type bond") || !knows(&lab, "link r0 name r0.5 type vlan id 5") {
        return;
    }
    lab.run(Side::Router, "ip address add 10.5.0.1/24 dev r0.5");
    lab.run(Side::Router, "ip link set r0.5 up");
    lab.start();
    let bond = LinkKind::Bond { links: vec!["one".into()], mode: BondMode::ActiveBackup };
    let mut vlan = made(LinkKind::Vlan { link: "bond0".into(), id: 5 }, Addressing::default());
    vlan.mtu = Some(1400);
    // Names in an order that is not that of making them.
    let links = [
        ("a-bridge", made(bridge(&["b-vlan"]), fixed(&["10.5.0.7/24"]))),
        ("b-vlan", vlan),
        ("bond0", made(bond, Addressing::default())),
        ("one", card("eth0", Addressing::default())),
    ];
    lab.order(&order(1, &links));
    let connects = || {
        let listener = lab.inside(Side::Router, || std::net::TcpListener::bind("10.5.0.1:0")).expect("free");
        let address = listener.local_addr().expect("bound");
        let patience = std::time::Duration::from_secs(1);
        lab.inside(Side::Node, || std::net::TcpStream::connect_timeout(&address, patience)).is_ok()
    };
    lab.wait("a connection", |state| addresses(state, "a-bridge") == ["10.5.0.7/24"] && connects());
    assert!(lab.run(Side::Node, "ip link show dev b-vlan").contains("mtu 1400"));
    let log = lab.log();
    assert!(!log.contains("error") && !log.contains("can't"), "{log}");

    // The cable goes, and comes back as another one.
    lab.run(Side::Router, "ip link del r0");
    lab.wait("it is missed", |state| state.problems.iter().any(|text| text.contains("one: no card fits")));
    lab.cable("r0", "eth0").expect("a cable");
    for command in [
        "ip link add link r0 name r0.5 type vlan id 5",
        "ip address add 10.5.0.1/24 dev r0.5",
        "ip link set r0.5 up",
    ] {
        lab.run(Side::Router, command);
    }
    lab.wait("a connection again", |state| state.problems.is_empty() && connects());
}
