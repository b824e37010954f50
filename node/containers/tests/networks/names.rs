//! Workloads find each other by name.

use std::fs;
use std::net::UdpSocket;

use corten_sys::netns;

use crate::lab::{address, get, lab, name_servers, on, resolve, serve, wait, within};

#[test]
fn two_workloads_reach_each_other_by_name() {
    lab("names::two_workloads_reach_each_other_by_name", |lab| {
        let mut db = on("default");
        db.aliases = vec!["Database".into(), "pg.internal".into()];
        let (web, db) = (lab.join("web", &on("default")), lab.join("db", &db));
        assert_eq!(web.addresses[0].to_string(), "10.89.0.2");
        assert_eq!(db.addresses[0].to_string(), "10.89.0.3");
        within(&db, || serve(address("::"), 80, "db"));
        for (from, name, to) in [(&web, "db", &db), (&db, "web", &web), (&web, "database", &db)] {
            assert_eq!(
                within(from, || resolve(&from.resolv_conf, name)),
                Some(to.addresses.clone()),
                "{name}"
            );
        }
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "pg.internal")), Some(db.addresses.clone()));
        for address in &db.addresses {
            assert_eq!(within(&web, || get(*address, 80)).as_deref(), Some("db"), "{address}");
        }
        // The other server of the file knows it too.
        let six = web.resolv_conf.replacen(web.resolv_conf.lines().next().unwrap_or_default(), "", 1);
        assert_eq!(within(&web, || resolve(&six, "db")), Some(db.addresses.clone()), "{six}");
        assert_eq!(web.resolv_conf.lines().last(), Some("search dns.podman lan.example"));
        assert!(
            web.hosts.contains("10.89.0.2 web\n") && web.hosts.contains("192.0.2.1 router\n"),
            "{}",
            web.hosts
        );
        assert_eq!(web.hostname.as_deref(), Some("web\n"));
    });
}

#[test]
fn a_name_goes_with_its_workload() {
    lab("names::a_name_goes_with_its_workload", |lab| {
        // One name is part of the other.
        let (web, shop) = (lab.join("web", &on("default")), lab.join("webshop", &on("default")));
        let known = |name: &str| within(&web, || resolve(&web.resolv_conf, name));
        assert_eq!(known("webshop"), Some(shop.addresses.clone()));
        lab.networks.leave("webshop").expect("it leaves");
        wait("the name goes", || known("webshop") == Some(Vec::new()));
        assert_eq!(known("web"), Some(web.addresses.clone()));
        // The name server ends with the last workload.
        lab.networks.leave("web").expect("it leaves");
        assert_eq!(name_servers(), Vec::<u32>::new());
        // And another begins with the next.
        let web = lab.join("web", &on("default"));
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "web")), Some(web.addresses.clone()));
        lab.networks.leave("web").expect("it leaves");
    });
}

#[test]
fn other_names_are_asked_of_the_nodes_servers_as_they_are_now() {
    lab("names::other_names_are_asked_of_the_nodes_servers_as_they_are_now", |lab| {
        let outside = lab.outside();
        // A server that knows one address for all names.
        netns::within(&outside, || {
            let socket = UdpSocket::bind("192.0.2.1:53").expect("free");
            std::thread::spawn(move || {
                let mut packet = [0; 512];
                while let Ok((length, from)) = socket.recv_from(&mut packet) {
                    let mut answer = packet[..length].to_vec();
                    (answer[2], answer[3], answer[7], answer[11]) = (0x81, 0x80, 1, 0);
                    let end = 12 + answer[12..].iter().position(|byte| *byte == 0).unwrap_or(0) + 5;
                    answer.truncate(end);
                    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]);
                    let _ = socket.send_to(&answer, from);
                }
            });
        })
        .expect("it is kept");
        let web = lab.join("web", &on("default"));
        let found = || within(&web, || resolve(&web.resolv_conf, "www.example.org")).unwrap_or_default();
        assert!(found().contains(&address("203.0.113.9")), "{:?}", found());
        // The node gets other servers, of which nobody answers, and then the first again.
        let tended = lab.networks.tend().expect("it runs");
        assert!(!tended.servers_changed && !tended.restarted_name_server, "{tended:?}");
        fs::write(lab.path("resolv.conf"), "nameserver 192.0.2.99\n").expect("writable");
        assert!(lab.networks.tend().expect("it runs").servers_changed);
        wait("nobody answers", || found().is_empty());
        fs::write(lab.path("resolv.conf"), "nameserver 192.0.2.1\n").expect("writable");
        assert!(lab.networks.tend().expect("it runs").servers_changed);
        wait("it answers again", || !found().is_empty());
    });
}

#[test]
fn workloads_find_each_other_on_a_node_that_has_no_servers_yet() {
    lab("names::workloads_find_each_other_on_a_node_that_has_no_servers_yet", |lab| {
        fs::remove_file(lab.path("resolv.conf")).expect("it was there");
        let (web, db) = (lab.join("web", &on("default")), lab.join("db", &on("default")));
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "db")), Some(db.addresses.clone()));
        // What the network service writes later counts from then on.
        let _ = lab.networks.tend().expect("it runs");
        fs::write(lab.path("new"), "nameserver 192.0.2.1\nsearch lan.example\n").expect("writable");
        fs::rename(lab.path("new"), lab.path("resolv.conf")).expect("writable");
        assert!(lab.networks.tend().expect("it runs").servers_changed);
        let web = lab.networks.look_up("web").expect("readable").expect("it joined");
        assert!(web.resolv_conf.ends_with("search dns.podman lan.example\n"), "{}", web.resolv_conf);
    });
}
