//! What was left half done, what died, and what somebody took away.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use corten_config::settings::Transport;
use corten_containers::network::Networks;
use corten_containers::network::names::veth_of;
use corten_sys::netns;
use corten_sys::process::{Signal, kill};

use crate::lab::{Lab, address, get, lab, name_servers, on, port, resolve, serve, wait, within};

fn published() -> corten_config::settings::Workload {
    let mut workload = on("default");
    workload.ports = vec![port("", 8080, Transport::Tcp)];
    workload
}

#[test]
fn another_daemon_finds_all_again() {
    lab("failures::another_daemon_finds_all_again", |lab| {
        let (web, db) = (lab.join("web", &published()), lab.join("db", &on("default")));
        let there = lab.left();
        assert_eq!(lab.restart(), Vec::<String>::new());
        assert_eq!(lab.networks.joined(), ["db", "web"]);
        assert_eq!((lab.join("web", &published()), lab.join("db", &on("default"))), (web, db));
        assert_eq!(lab.left(), there, "who has joined is left as it is");
    });
}

#[test]
fn a_dead_name_server_is_replaced() {
    lab("failures::a_dead_name_server_is_replaced", |lab| {
        let web = lab.join("web", &on("default"));
        let killed = |_: &Lab| {
            for number in name_servers() {
                kill(number, Signal::KILL).expect("ours");
            }
            wait("it is dead", || name_servers().is_empty());
        };
        killed(lab);
        assert!(lab.networks.tend().expect("it starts").restarted_name_server);
        assert!(!lab.networks.tend().expect("it runs").restarted_name_server);
        wait("a name", || within(&web, || resolve(&web.resolv_conf, "web")) == Some(web.addresses.clone()));
        // One that nobody looked at is replaced by the next who joins.
        killed(lab);
        let db = lab.join("db", &on("default"));
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "db")), Some(db.addresses.clone()));
        // And by the next who leaves, so that its name goes.
        killed(lab);
        lab.networks.leave("db").expect("it leaves");
        wait("no name", || within(&web, || resolve(&web.resolv_conf, "db")) == Some(Vec::new()));
    });
}

#[test]
fn no_other_process_gets_the_name_servers_signal() {
    lab("failures::no_other_process_gets_the_name_servers_signal", |lab| {
        lab.join("web", &on("default"));
        for number in name_servers() {
            kill(number, Signal::KILL).expect("ours");
        }
        wait("it is dead", || name_servers().is_empty());
        // Its number is another's now, which the signal would end.
        let mut other = std::process::Command::new("sleep").arg("600").spawn().expect("it starts");
        let file = lab.places().folder.join("netavark/aardvark-dns/aardvark.pid");
        fs::write(&file, other.id().to_string()).expect("writable");
        lab.join("db", &on("default"));
        lab.networks.leave("db").expect("it leaves");
        assert_eq!(other.try_wait().expect("ours"), None, "it still runs");
        other.kill().expect("ours");
        other.wait().expect("ours");
    });
}

/// Takes something away behind the daemon's back.
type Harm = fn(&Lab);

const HARMS: [(&str, Harm); 4] = [
    ("the namespace is gone", |lab| {
        let place = lab.places().folder.join("netns/web");
        netns::let_go(&place).expect("root may");
        fs::remove_file(&place).expect("ours");
    }),
    ("the cable is gone", |lab| drop(lab.ip(&format!("link del {}", veth_of("web"))))),
    ("the bridge is gone", |lab| drop(lab.ip("link del ctn-default"))),
    ("the names are gone", |lab| {
        fs::remove_file(lab.places().folder.join("netavark/aardvark-dns/ctn-default")).expect("ours");
    }),
];

#[test]
fn what_is_half_there_goes_as_a_whole() {
    lab("failures::what_is_half_there_goes_as_a_whole", |lab| {
        let empty = empty(lab);
        for (what, harm) in HARMS {
            lab.join("web", &published());
            harm(lab);
            lab.restart();
            lab.networks.leave("web").unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(lab.left(), empty, "{what}");
        }
    });
}

#[test]
fn what_is_half_there_is_made_whole() {
    lab("failures::what_is_half_there_is_made_whole", |lab| {
        let empty = empty(lab);
        // Files of names nobody takes away one by one.
        for (what, harm) in &HARMS[..3] {
            lab.join("web", &published());
            harm(lab);
            assert_eq!(lab.restart(), ["web"], "{what}");
            works(lab, what);
            lab.networks.leave("web").unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(lab.left(), empty, "{what}");
        }
    });
}

#[test]
fn netavark_may_be_killed_at_any_moment() {
    lab("failures::netavark_may_be_killed_at_any_moment", |lab| {
        let empty = empty(lab);
        let mut failed = 0;
        for milliseconds in [2, 5, 8, 11, 14, 17, 20, 25, 30, 35, 40, 50, 60, 80, 100] {
            // Undoing is interrupted as well.
            let mut places = lab.places();
            let script = lab.path("netavark");
            let real = places.netavark.display();
            let text =
                format!("#!/bin/sh\nexec /usr/bin/timeout -s KILL 0.{milliseconds:03} {real} \"$@\"\n");
            fs::write(&script, text).expect("writable");
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
            places.netavark = script;
            lab.networks = Networks::open(places, "machine").expect("readable");
            failed += usize::from(lab.networks.join("web", &published()).is_err());
            lab.restart();
            works(lab, &format!("killed after {milliseconds} ms"));
            lab.networks.leave("web").unwrap_or_else(|error| panic!("{milliseconds} ms: {error}"));
            assert_eq!(lab.left(), empty, "{milliseconds} ms");
        }
        assert!(failed > 0, "nothing was interrupted");
    });
}

/// What is left of a node on which a workload was.
fn empty(lab: &mut Lab) -> String {
    lab.join("web", &published());
    lab.networks.leave("web").expect("it leaves");
    lab.left()
}

/// Lets `web` join, and looks whether all of it works.
fn works(lab: &mut Lab, when: &str) {
    let web = lab.networks.join("web", &published()).unwrap_or_else(|error| panic!("{when}: {error}"));
    within(&web, || serve(address("::"), 80, "web"));
    let found = within(&web, || resolve(&web.resolv_conf, "web"));
    assert_eq!(found, Some(web.addresses.clone()), "{when}");
    assert_eq!(get(web.addresses[0], 80).as_deref(), Some("web"), "{when}");
    assert_eq!(get(address("127.0.0.1"), 8080).as_deref(), Some("web"), "{when}");
}

#[test]
fn a_workload_that_changes_loses_what_it_had() {
    lab("failures::a_workload_that_changes_loses_what_it_had", |lab| {
        let web = lab.join("web", &published());
        within(&web, || serve(address("::"), 80, "web"));
        assert_eq!(get(address("127.0.0.1"), 8080).as_deref(), Some("web"));
        let web = lab.join("web", &on("other"));
        assert!(get(address("127.0.0.1"), 8080).is_none());
        assert!(!lab.ip("-o link").contains("ctn-default"));
        assert_eq!(within(&web, || resolve(&web.resolv_conf, "web")), Some(web.addresses.clone()));
    });
}

#[test]
fn orphans_are_found_and_go() {
    lab("failures::orphans_are_found_and_go", |lab| {
        let place = lab.places().folder.join("netns/stray");
        fs::write(&place, "").expect("writable");
        netns::make(&place).expect("root may");
        lab.join("web", &on("default"));
        assert_eq!(lab.networks.orphans().expect("readable"), ["stray"]);
        lab.networks.leave("stray").expect("it goes");
        assert!(!place.exists());
        assert_eq!(lab.networks.orphans().expect("readable"), Vec::<String>::new());
    });
}

#[test]
fn a_node_that_forgot_begins_anew() {
    lab("failures::a_node_that_forgot_begins_anew", |lab| {
        lab.join("web", &published());
        let memory = lab.places().folder.join("network.json");
        fs::write(&memory, "{").expect("writable");
        let error = Networks::open(lab.places(), "machine").expect_err("lost");
        assert!(error.to_string().contains("network.json"), "{error}");
        Networks::reset(&lab.places()).expect("it goes");
        assert!(!lab.left().contains("netavark {") && !lab.left().contains("ctn-default"), "{}", lab.left());
        assert_eq!(lab.restart(), Vec::<String>::new());
        let web = lab.join("web", &published());
        within(&web, || serve(address("::"), 80, "web"));
        assert_eq!(get(address("127.0.0.1"), 8080).as_deref(), Some("web"));
    });
}
