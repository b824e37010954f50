//! Ports of the node that lead to workloads.

use corten_config::settings::{Firewall, Transport, WorkloadNetwork};
use corten_containers::network::{Joined, NetworkError, PlanError};
use corten_network::WorkloadPort;
use corten_sys::netns;

use crate::lab::{address, echo, get, get_udp, is_closed, lab, on, port, serve, within, workload};

#[test]
fn a_published_port_leads_to_the_workload_from_everywhere() {
    lab("ports::a_published_port_leads_to_the_workload_from_everywhere", |lab| {
        let outside = lab.outside();
        let mut published = on("default");
        published.ports = vec![port("", 8080, Transport::Tcp), port("", 8080, Transport::Udp)];
        let web = lab.join("web", &published);
        let far = lab.join("far", &on("other"));
        let near = lab.join("near", &on("default"));
        within(&web, || {
            serve(address("::"), 80, "web");
            echo(address("0.0.0.0"), 80, "web");
        });
        let (four, six) = (address("192.0.2.7"), address("2001:db8::7"));
        for (whence, answers) in [
            ("outside", netns::within(&outside, || [get(four, 8080), get(six, 8080)]).expect("it is kept")),
            ("the node", [get(four, 8080), get(six, 8080)]),
            ("its own group", within(&near, || [get(four, 8080), get(six, 8080)])),
            ("another group", within(&far, || [get(four, 8080), get(six, 8080)])),
        ] {
            assert_eq!(answers.map(|answer| answer.as_deref() == Some("web")), [true, true], "from {whence}");
        }
        assert_eq!(get(address("127.0.0.1"), 8080).as_deref(), Some("web"), "from the node's loopback");
        assert_eq!(
            netns::within(&outside, || get_udp(four, 8080)).expect("it is kept").as_deref(),
            Some("web")
        );
        // The port of the workload is not the node's, and nothing of it is left once it leaves.
        assert!(netns::within(&outside, || is_closed(four, 80)).expect("it is kept"));
        lab.networks.leave("web").expect("it leaves");
        assert!(
            netns::within(&outside, || is_closed(four, 8080) && is_closed(six, 8080)).expect("it is kept")
        );
        assert!(is_closed(address("127.0.0.1"), 8080));
    });
}

#[test]
fn connections_of_a_workload_are_forgotten_when_it_leaves() {
    lab("ports::connections_of_a_workload_are_forgotten_when_it_leaves", |lab| {
        let outside = lab.outside();
        let mut published = on("default");
        published.ports = vec![port("", 8080, Transport::Udp)];
        let web = lab.join("web", &published);
        let stays = lab.join("stays", &on("default"));
        within(&web, || echo(address("0.0.0.0"), 80, "web"));
        within(&stays, || echo(address("0.0.0.0"), 80, "stays"));
        let four = address("192.0.2.7");
        assert!(netns::within(&outside, || get_udp(four, 8080)).expect("it is kept").is_some());
        assert!(get_udp(stays.addresses[0], 80).is_some());
        let are_known = |joined: &Joined| {
            let known = std::fs::read_to_string("/proc/net/nf_conntrack").expect("the kernel has it");
            let address = joined.addresses[0];
            let ends = [format!("src={address} "), format!("dst={address} ")];
            ends.iter().any(|end| known.contains(end))
        };
        assert!(are_known(&web) && are_known(&stays));
        lab.networks.leave("web").expect("it leaves");
        assert!(!are_known(&web) && are_known(&stays));
    });
}

#[test]
fn a_port_is_published_under_the_address_that_was_named() {
    lab("ports::a_port_is_published_under_the_address_that_was_named", |lab| {
        let outside = lab.outside();
        lab.ip("address add 192.0.2.8/24 dev ext0");
        let mut published = on("default");
        published.ports = vec![
            port("192.0.2.7", 8080, Transport::Tcp),
            port("127.0.0.1", 8081, Transport::Tcp),
            port("2001:db8::7", 8082, Transport::Tcp),
        ];
        let web = lab.join("web", &published);
        within(&web, || serve(address("::"), 80, "web"));
        let from_outside = |to: &str, port| netns::within(&outside, || get(address(to), port)).expect("kept");
        let closed_outside =
            |to: &str, port| netns::within(&outside, || is_closed(address(to), port)).expect("kept");
        assert_eq!(from_outside("192.0.2.7", 8080).as_deref(), Some("web"));
        assert!(closed_outside("192.0.2.8", 8080) && is_closed(address("127.0.0.1"), 8080));
        assert_eq!(get(address("127.0.0.1"), 8081).as_deref(), Some("web"));
        assert!(closed_outside("192.0.2.7", 8081));
        assert_eq!(from_outside("2001:db8::7", 8082).as_deref(), Some("web"));
        assert!(closed_outside("192.0.2.7", 8082));
        // What can't be done is said, as is what another one has.
        let refused = |lab: &mut crate::lab::Lab, published| {
            let mut other = on("default");
            other.ports = vec![published];
            match lab.networks.join("other", &other) {
                Err(NetworkError::Plan(problem)) => problem,
                other => panic!("{other:?}"),
            }
        };
        let taken = PlanError::PortTaken { port: 8080, by: "web".into() };
        assert_eq!(refused(lab, port("", 8080, Transport::Tcp)), taken);
        assert_eq!(refused(lab, port("::1", 1, Transport::Tcp)), PlanError::Address(address("::1")));
    });
}

#[test]
fn a_workload_with_the_nodes_network_is_reached_where_the_firewall_opens_its_ports() {
    lab("ports::a_workload_with_the_nodes_network_is_reached_where_the_firewall_opens_its_ports", |lab| {
        let outside = lab.outside();
        let joined = lab.join("web", &workload(WorkloadNetwork::Host));
        assert_eq!((joined.namespace, joined.hostname), (None, None));
        assert!(lab.networks.joined().is_empty(), "in the node's own network there is nothing to join");
        assert!(joined.resolv_conf.starts_with("nameserver 192.0.2.1\n"), "{}", joined.resolv_conf);
        serve(address("0.0.0.0"), 80, "web");
        serve(address("0.0.0.0"), 81, "named");
        let from_outside = |port| netns::within(&outside, || get(address("192.0.2.7"), port)).expect("kept");
        let closed = |port| netns::within(&outside, || is_closed(address("192.0.2.7"), port)).expect("kept");
        assert!(closed(80) && closed(81));
        let open = |address: &str, port| WorkloadPort {
            address: address.parse().ok(),
            port,
            protocol: Transport::Tcp,
        };
        lab.firewall(&[open("", 80), open("192.0.2.7", 81)], &Firewall::default());
        assert_eq!(from_outside(80).as_deref(), Some("web"));
        assert_eq!(from_outside(81).as_deref(), Some("named"));
        lab.firewall(&[open("192.0.2.8", 81)], &Firewall::default());
        assert!(closed(80) && closed(81));
    });
}
