//! What workloads can't reach.

use corten_config::settings::{Allow, Firewall, PortRange, Transport, WorkloadNetwork};
use corten_sys::netns;

use crate::lab::{address, get, is_closed, lab, on, port, resolve, serve, within, workload};

#[test]
fn groups_are_apart_and_nobody_outside_reaches_what_is_not_published() {
    lab("groups::groups_are_apart_and_nobody_outside_reaches_what_is_not_published", |lab| {
        let outside = lab.outside();
        let (web, db, far) =
            (lab.join("web", &on("one")), lab.join("db", &on("one")), lab.join("far", &on("two")));
        for joined in [&web, &db, &far] {
            within(joined, || serve(address("::"), 80, "here"));
        }
        // Whether or not the kernel shows bridged packets to the firewall.
        for shown in ["1", "0"] {
            for file in ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"] {
                // A kernel without the module never does.
                let _ = std::fs::write(format!("/proc/sys/net/bridge/{file}"), shown);
            }
            for to in &db.addresses {
                assert_eq!(within(&web, || get(*to, 80)).as_deref(), Some("here"), "{to}, shown: {shown}");
            }
            for to in &far.addresses {
                assert!(within(&web, || is_closed(*to, 80)), "{to}, shown: {shown}");
                assert_eq!(get(*to, 80).as_deref(), Some("here"), "the node itself reaches {to}");
            }
        }
        for to in &db.addresses {
            assert!(netns::within(&outside, || is_closed(*to, 80)).expect("it is kept"), "{to}");
        }
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "far")), Some(Vec::new()));
        // They reach the world, and come from the node there.
        netns::within(&outside, || serve(address("::"), 8000, "world")).expect("it is kept");
        for to in ["192.0.2.1", "2001:db8::1"] {
            assert_eq!(within(&web, || get(address(to), 8000)).as_deref(), Some("world"), "{to}");
        }
    });
}

#[test]
fn the_node_is_closed_to_workloads_but_for_names() {
    lab("groups::the_node_is_closed_to_workloads_but_for_names", |lab| {
        let _ = lab.outside();
        let mut published = on("default");
        // Only with a published port netavark opens the loopback to the bridge.
        published.ports = vec![port("", 8080, Transport::Tcp)];
        let web = lab.join("web", &published);
        serve(address("0.0.0.0"), 9000, "node");
        serve(address("127.0.0.1"), 9001, "loopback");
        serve(address("0.0.0.0"), 7443, "api");
        let gateway = address("10.89.0.1");
        for (to, port) in [(gateway, 9000), (address("192.0.2.7"), 9000), (gateway, 7443)] {
            assert!(within(&web, || is_closed(to, port)), "{to}:{port}");
        }
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "web")), Some(web.addresses.clone()));
        // A workload with rights to its own network sends the loopback's packets over the bridge, to a port that is
        // open to everybody.
        let ports = vec![PortRange { first: 9001, last: 9001 }];
        let allow = vec![Allow { protocol: Transport::Tcp, ports, from: Vec::new() }];
        lab.firewall(&[], &Firewall { allow });
        within(&web, || {
            for command in [
                "address del 127.0.0.1/8 dev lo",
                "route add 127.0.0.1/32 via 10.89.0.1",
                "rule add pref 10 lookup main",
            ] {
                lab.ip(command);
            }
            std::fs::write("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1").expect("root may");
            assert!(is_closed(address("127.0.0.1"), 9001));
        });
    });
}

#[test]
fn a_workload_by_itself_has_the_loopback_and_nothing_else() {
    lab("groups::a_workload_by_itself_has_the_loopback_and_nothing_else", |lab| {
        let joined = lab.join("job", &workload(WorkloadNetwork::None));
        assert_eq!((joined.addresses.len(), joined.resolv_conf.as_str()), (0, ""));
        within(&joined, || {
            let links = lab.ip("-o link");
            assert!(links.lines().count() == 1 && links.contains("lo: <LOOPBACK,UP"), "{links}");
            serve(address("127.0.0.1"), 80, "itself");
            assert_eq!(get(address("127.0.0.1"), 80).as_deref(), Some("itself"));
        });
        assert!(is_closed(address("127.0.0.1"), 80), "that was another loopback");
        lab.networks.leave("job").expect("it leaves");
        assert_eq!(lab.networks.orphans().expect("readable"), Vec::<String>::new());
    });
}

#[test]
fn what_goes_through_is_counted() {
    lab("groups::what_goes_through_is_counted", |lab| {
        let web = lab.join("web", &on("default"));
        let before = lab.networks.counters().expect("readable")["web"];
        let words: &'static str = Box::leak("x".repeat(100_000).into_boxed_str());
        within(&web, || serve(address("::"), 80, words));
        assert_eq!(get(web.addresses[0], 80).map(|answer| answer.len()), Some(words.len()));
        let after = lab.networks.counters().expect("readable")["web"];
        let sent = after.sent_bytes - before.sent_bytes;
        let received = after.received_bytes - before.received_bytes;
        assert!((100_000..200_000).contains(&sent), "{sent}");
        assert!((1..50_000).contains(&received), "{received}");
    });
}
