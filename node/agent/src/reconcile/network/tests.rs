//! Orders and states on a scratch root.

use corten_config::settings::{Addressing, Link, Match, PublishedPort, Transport, Workload};
use corten_network::LinkState;

use super::*;
use crate::configuration::{Mode, SystemClock};

fn wanted(settings: Settings) -> Wanted {
    Wanted { settings: Arc::new(settings), offered_name: Some("offered".into()), offered_ntp: Vec::new() }
}

fn scratch() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Root::new(folder.path());
    (folder, root)
}

fn read(root: &Root) -> Order {
    Order::read(root.folder()).expect("an order").expect("it is there")
}

#[tokio::test]
async fn an_order_has_another_number_if_it_says_something_else() {
    let (_folder, root) = scratch();
    let mut network = Network::new(root.clone(), 7443);
    let mut settings = Settings { metrics_port: Some(9100), ..Settings::default() };
    settings.api.allowed.push("192.0.2.0/24".parse().expect("a network"));
    for _ in 0..2 {
        assert_eq!(network.reconcile(&wanted(settings.clone())).await, []);
        let order = read(&root);
        assert_eq!((order.generation, order.api_ports.clone()), (1, vec![7443, 9100]));
        assert_eq!(order.api_allowed, settings.api.allowed);
        // What DHCP offers is no wish of ours.
        assert_eq!(order.hostname, None);
    }
    settings.identity.hostname = Some("a".into());
    assert_eq!(network.reconcile(&wanted(settings.clone())).await, []);
    assert_eq!(read(&root).generation, 2);
    // Another agent, which goes back.
    let mut next = Network::new(root.clone(), 7443);
    settings.identity.hostname = None;
    assert_eq!(next.reconcile(&wanted(settings)).await, []);
    assert_eq!(read(&root).generation, 3);
}

#[test]
fn ports_of_workloads_in_the_nodes_network_are_part_of_the_order() {
    let workload = |network, node_port, address: &str| Workload {
        containers: std::collections::BTreeMap::new(),
        network,
        ports: vec![PublishedPort {
            address: address.parse().ok(),
            node_port,
            port: node_port,
            protocol: Transport::Tcp,
        }],
        aliases: Vec::new(),
        after: Vec::new(),
        schedule: None,
        essential: false,
        system: None,
        containerd: false,
        runtime: None,
        stop_seconds: Workload::STOP_SECONDS,
    };
    let mut settings = Settings::default();
    for (name, workload) in [
        ("a", workload(WorkloadNetwork::Host, 81, "192.0.2.7")),
        ("b", workload(WorkloadNetwork::Host, 80, "")),
        ("c", workload(WorkloadNetwork::Bridge { name: "default".into() }, 82, "")),
    ] {
        settings.containers.workloads.insert(name.into(), workload);
    }
    let port =
        |address: &str, port| WorkloadPort { address: address.parse().ok(), port, protocol: Transport::Tcp };
    assert_eq!(order(&settings, 7443, None, 0).workload_ports, [port("", 80), port("192.0.2.7", 81)]);
}

#[tokio::test]
async fn numbers_go_on_after_what_the_service_knows() {
    let (_folder, root) = scratch();
    State { generation: 41, ..State::default() }.write(root.folder()).expect("it can be written");
    std::fs::create_dir_all(root.path("/run/corten/settings")).expect("a folder");
    std::fs::write(root.path(corten_network::ORDER_PATH), "{").expect("it can be written");
    assert_eq!(Network::new(root.clone(), 1).reconcile(&wanted(Settings::default())).await, []);
    assert_eq!(read(&root).generation, 42);
}

#[tokio::test]
async fn an_order_that_cannot_be_written_is_a_problem() {
    let (_folder, root) = scratch();
    std::fs::write(root.path("/run"), "").expect("it can be written");
    let problems = Network::new(root, 1).reconcile(&wanted(Settings::default())).await;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("network.json"), "{problems:?}");
}

#[test]
fn what_is_wrong_with_the_network_names_its_key() {
    let kind = LinkKind::Vlan { link: "lan".into(), id: 10 };
    let link = |kind| Link { kind, mtu: None, addressing: Addressing::default() };
    let mut settings = Settings::default();
    settings.network.links.insert("lan10".into(), link(kind));
    settings.network.links.insert("lan".into(), link(LinkKind::Physical(Match::default())));
    let in_force = InForce {
        generation: 0,
        mode: Mode::Configured,
        settings: Arc::new(settings),
        merged: None,
        problems: Vec::new(),
        trial: None,
        pending: None,
    };
    let mut state = State { problems: vec!["no card fits".into()], ..State::default() };
    assert_eq!(wrong(&state, &in_force).len(), 1);
    let broken = |configured: &str| LinkState {
        configured_as: Some(configured.into()),
        problem: Some("refused".into()),
        ..LinkState::default()
    };
    state.links.insert("lan10".into(), broken("lan10"));
    state.links.insert("eth0".into(), broken("lan"));
    state.links.insert("eth1".into(), LinkState::default());
    state.firewall = FirewallState::Refused("out of memory".into());
    let told: Vec<_> = wrong(&state, &in_force).into_iter().map(|p| (p.key, p.message)).collect();
    let expected = [
        ("network", "no card fits"),
        ("network.links.lan", "link eth0: refused"),
        ("network.vlans.lan10", "link lan10: refused"),
        ("firewall.allow", "the firewall before is still in force: out of memory"),
    ];
    assert_eq!(told, expected.map(|(key, message)| (key.to_owned(), message.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn the_state_is_followed_and_its_problems_are_told() {
    let (_folder, root) = scratch();
    let engine = Engine::open(root.clone(), SystemClock).await;
    let told = |engine: &Engine, what: &str| {
        engine.in_force().borrow().problems.iter().any(|problem| problem.message.contains(what))
    };
    let mut state = watch_state(root.clone(), engine.clone());
    let mut written = State { hostname: Some("offered".into()), ..State::default() };
    written.problems.push("no card fits".into());
    written.write(root.folder()).expect("it can be written");
    state.wait_for(|state| state.hostname.as_deref() == Some("offered")).await.expect("it is followed");
    let mut in_force = engine.in_force();
    in_force.wait_for(|_| told(&engine, "no card fits")).await.expect("it is told");
    // What is no state is told, and the one before stands.
    std::fs::write(root.path(STATE_PATH), "{").expect("it can be written");
    in_force.wait_for(|_| told(&engine, "state.json")).await.expect("it is told");
    assert_eq!(state.borrow().hostname.as_deref(), Some("offered"));
    State::default().write(root.folder()).expect("it can be written");
    state.wait_for(|state| state.hostname.is_none()).await.expect("it is followed");
    in_force
        .wait_for(|_| !told(&engine, "state.json") && !told(&engine, "no card"))
        .await
        .expect("it is told");
}
