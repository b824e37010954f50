//! Places of workloads, over all orders and histories.

use std::collections::BTreeSet;

use corten_config::settings::Transport;
use proptest::prelude::*;

use super::super::subnets::overlap;
use super::*;

fn workload(network: WorkloadNetwork, ports: &[(&str, u16)]) -> Workload {
    let port = |(address, port): &(&str, u16)| PublishedPort {
        address: address.parse().ok(),
        node_port: *port,
        port: 80,
        protocol: Transport::Tcp,
    };
    Workload {
        containers: BTreeMap::new(),
        network,
        ports: ports.iter().map(port).collect(),
        aliases: Vec::new(),
        after: Vec::new(),
        schedule: None,
        essential: false,
        system: None,
        containerd: false,
        runtime: None,
        stop_seconds: Workload::STOP_SECONDS,
    }
}

fn on(bridge: &str) -> Workload {
    workload(WorkloadNetwork::Bridge { name: bridge.to_owned() }, &[])
}

fn node(used: &[&str]) -> Surroundings {
    let used = used.iter().map(|text| text.parse().expect("a network")).collect();
    Surroundings { machine: "0123".into(), used }
}

fn place(ledger: &Ledger, name: &str, workload: &Workload) -> Result<Ledger, PlanError> {
    let (next, mut problems) = plan(ledger, &BTreeMap::from([(name, workload)]), &node(&[]));
    problems.remove(name).map_or(Ok(next), Err)
}

#[test]
fn the_first_free_subnet_and_the_lowest_free_number_are_taken() {
    let (one, two) = (on("one"), on("two"));
    let wanted = BTreeMap::from([("b", &one), ("a", &one), ("c", &two)]);
    let (mut ledger, problems) = plan(&Ledger::default(), &wanted, &node(&["10.89.0.7/32"]));
    assert_eq!(problems, BTreeMap::new());
    let first = |ledger: &Ledger, name: &str| ledger.addresses(name)[0].to_string();
    let all = ["a", "b", "c"].map(|name| first(&ledger, name));
    assert_eq!(all, ["10.89.1.2", "10.89.1.3", "10.89.2.2"]);
    ledger.release("a");
    let ledger = place(&ledger, "d", &one).expect("there is room");
    assert_eq!(first(&ledger, "d"), "10.89.1.2");
    assert_eq!(first(&ledger, "b"), "10.89.1.3", "who has a place keeps it");
}

#[test]
fn a_bridge_has_room_for_253() {
    let one = on("one");
    let names: Vec<String> = (0..254).map(|number| format!("w{number:03}")).collect();
    let wanted = names.iter().map(|name| (name.as_str(), &one)).collect();
    let (ledger, problems) = plan(&Ledger::default(), &wanted, &node(&[]));
    assert_eq!(ledger.members.len(), 253);
    assert_eq!(problems["w253"], PlanError::Full { bridge: "one".into() });
}

#[test]
fn a_port_of_the_node_is_one_workloads() {
    let publishes = |ports: &[(&str, u16)]| workload(WorkloadNetwork::None, ports);
    let ledger = place(&Ledger::default(), "a", &publishes(&[("192.0.2.1", 80)])).expect("free");
    for (ports, is_free) in [
        (("", 80), false),
        (("192.0.2.1", 80), false),
        (("0.0.0.0", 80), false),
        (("192.0.2.2", 80), true),
        (("::", 80), true),
        (("", 81), true),
    ] {
        let ports = [ports];
        let placed = place(&ledger, "b", &publishes(&ports));
        let taken = PlanError::PortTaken { port: 80, by: "a".into() };
        assert_eq!(placed.map(|_| ()), if is_free { Ok(()) } else { Err(taken) }, "{ports:?}");
    }
}

#[test]
fn what_files_and_the_kernel_cannot_take_gets_no_place() {
    let wrong =
        |name: &str, workload: &Workload| place(&Ledger::default(), name, workload).expect_err("wrong");
    assert_eq!(wrong("a b", &on("one")), PlanError::Name("a b".into()));
    assert_eq!(wrong("a", &on("one/two")), PlanError::Name("one/two".into()));
    let alias = Workload { aliases: vec!["x,y".into()], ..on("one") };
    assert_eq!(wrong("a", &alias), PlanError::Name("x,y".into()));
    let network = WorkloadNetwork::Bridge { name: "one".into() };
    let local = "::1".parse().expect("an address");
    assert_eq!(wrong("a", &workload(network, &[("::1", 80)])), PlanError::Address(local));
}

#[test]
fn who_is_there_in_another_form_keeps_its_place_until_it_has_left() {
    let mut ledger = place(&Ledger::default(), "a", &on("one")).expect("free");
    // A place that is only kept changes at once.
    let moved = place(&ledger, "a", &on("two")).expect("free");
    assert_eq!(moved.bridges.keys().collect::<Vec<_>>(), ["two"]);
    ledger.members.get_mut("a").expect("it is there").stage = Stage::Joined;
    assert_eq!(place(&ledger, "a", &on("two")), Ok(ledger.clone()));
    ledger.release("a");
    assert_eq!(ledger, Ledger::default());
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    Join(u8, u8),
    Leave(u8),
    Plan(Vec<(u8, u8)>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_u8..12, 0_u8..4).prop_map(|(name, bridge)| Step::Join(name, bridge)),
        (0_u8..12).prop_map(Step::Leave),
        proptest::collection::vec((0_u8..12, 0_u8..4), 0..8).prop_map(Step::Plan),
    ];
    proptest::collection::vec(step, 0..40)
}

fn check(ledger: &Ledger, used: &[IpNet]) -> Result<(), TestCaseError> {
    let addresses: Vec<IpAddr> = ledger.members.keys().flat_map(|name| ledger.addresses(name)).collect();
    let unique: BTreeSet<&IpAddr> = addresses.iter().collect();
    prop_assert_eq!(unique.len(), addresses.len(), "{:?}", addresses);
    let nets: Vec<IpNet> =
        ledger.bridges.values().flat_map(|one| [IpNet::V4(one.v4), IpNet::V6(one.v6)]).collect();
    for (n, net) in nets.iter().enumerate() {
        prop_assert!(nets[..n].iter().chain(used).all(|other| !overlap(*net, *other)), "{:?}", ledger);
    }
    for member in ledger.members.values() {
        if let Place::Bridge { name, .. } = &member.place {
            prop_assert!(ledger.bridges.contains_key(name), "{:?}", ledger);
        }
    }
    for bridge in ledger.bridges.keys() {
        let is_on = |member: &Member| matches!(&member.place, Place::Bridge { name, .. } if name == bridge);
        prop_assert!(ledger.members.values().any(is_on), "nobody is on {}", bridge);
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_history_gives_two_the_same_address(steps in steps()) {
        let surroundings = node(&["0.0.0.0/0", "10.89.1.0/24", "10.89.2.128/25", "fd00::/9"]);
        let mut ledger = Ledger::default();
        let name = |number: &u8| format!("w{number}");
        let bridge = |number: &u8| on(&format!("b{number}"));
        for step in &steps {
            match step {
                Step::Join(one, on) => {
                    let (name, workload) = (name(one), bridge(on));
                    let wanted = BTreeMap::from([(name.as_str(), &workload)]);
                    ledger = plan(&ledger, &wanted, &surroundings).0;
                    ledger.members.get_mut(&name).expect("there is room").stage = Stage::Joined;
                }
                Step::Leave(one) => ledger.release(&name(one)),
                Step::Plan(all) => {
                    let all: Vec<_> = all.iter().map(|(one, on)| (name(one), bridge(on))).collect();
                    let wanted = all.iter().map(|(name, workload)| (name.as_str(), workload)).collect();
                    ledger = plan(&ledger, &wanted, &surroundings).0;
                }
            }
            check(&ledger, &surroundings.used)?;
        }
        let names: Vec<String> = ledger.members.keys().cloned().collect();
        for name in names {
            ledger.release(&name);
            check(&ledger, &surroundings.used)?;
        }
        prop_assert_eq!(ledger, Ledger::default());
    }

    #[test]
    fn the_order_of_joining_does_not_matter_once_places_are_kept(
        all in proptest::collection::btree_map("[a-f]{1,3}", 0_u8..3, 1..12),
        order in any::<proptest::sample::Index>(),
    ) {
        let all: Vec<(String, Workload)> =
            all.into_iter().map(|(name, bridge)| (name, on(&format!("b{bridge}")))).collect();
        let wanted: BTreeMap<&str, &Workload> =
            all.iter().map(|(name, workload)| (name.as_str(), workload)).collect();
        let (kept, _) = plan(&Ledger::default(), &wanted, &node(&[]));
        let mut ledger = kept.clone();
        let from = order.index(all.len());
        for (name, workload) in all[from..].iter().chain(&all[..from]) {
            ledger = place(&ledger, name, workload).expect("it has a place");
        }
        prop_assert_eq!(ledger, kept);
    }
}
