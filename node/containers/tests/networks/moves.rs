//! The node comes into a network whose addresses a bridge has.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use corten_containers::network::{NetworkError, Networks};

use crate::lab::{Lab, lab, on};

/// The subnet of the first bridge, as the node has it on a cable of its own.
const CLASH: &str = "address add 10.89.0.99/24 dev own0";

fn is_moving(lab: &mut Lab, name: &str) -> bool {
    matches!(lab.networks.join(name, &on("default")), Err(NetworkError::Moving(bridge)) if bridge == "default")
}

/// Gives the node a cable of its own that leads nowhere.
fn cable(lab: &Lab) {
    lab.ip("link add own0 type veth peer name own1");
    lab.ip("link set own0 up");
}

#[test]
fn a_bridge_moves_when_all_have_left_it() {
    lab("moves::a_bridge_moves_when_all_have_left_it", |lab| {
        cable(lab);
        for name in ["web", "db"] {
            let joined = lab.join(name, &on("default"));
            assert!(joined.addresses[0].to_string().starts_with("10.89.0."), "{joined:?}");
        }
        assert_eq!(lab.networks.tend().expect("it runs").displaced, Vec::<String>::new());
        lab.ip(CLASH);
        assert_eq!(lab.networks.tend().expect("it runs").displaced, ["db", "web"]);
        lab.networks.leave("web").expect("it leaves");
        assert!(is_moving(lab, "web"), "db is still there");
        lab.networks.leave("db").expect("it leaves");
        // Both of them at once: nobody looks after the networks in between.
        for name in ["web", "db"] {
            let joined = lab.join(name, &on("default"));
            assert!(joined.addresses[0].to_string().starts_with("10.89.1."), "{joined:?}");
        }
        assert_eq!(lab.networks.tend().expect("it runs").displaced, Vec::<String>::new());
    });
}

#[test]
fn a_place_that_is_only_kept_does_not_come_back_with_another_daemon() {
    lab("moves::a_place_that_is_only_kept_does_not_come_back_with_another_daemon", |lab| {
        cable(lab);
        lab.join("web", &on("default"));
        // One that could not join keeps its place for the next try.
        let mut places = lab.places();
        let script = lab.path("netavark");
        let real = places.netavark.display();
        let mark = lab.path("mark");
        let (mark, once) = (mark.display(), ": > $mark; exit 1");
        let text = format!(
            "#!/bin/sh\nmark={mark}\ncase \"$*\" in *setup*) [ -e $mark ] || {{ {once}; }};; esac\nexec {real} \"$@\"\n"
        );
        fs::write(&script, text).expect("writable");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
        places.netavark = script;
        lab.networks = Networks::open(places, "machine").expect("readable");
        lab.networks.join("db", &on("default")).expect_err("netavark refuses once");
        let remembered =
            |lab: &Lab| fs::read_to_string(lab.places().folder.join("network.json")).expect("it is there");
        assert!(remembered(lab).contains("\"db\""), "{}", remembered(lab));
        lab.ip(CLASH);
        assert_eq!(lab.networks.tend().expect("it runs").displaced, ["web"]);
        assert!(!remembered(lab).contains("\"db\""), "{}", remembered(lab));
    });
}
