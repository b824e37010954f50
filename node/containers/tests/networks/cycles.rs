//! Coming and going many times.

use corten_config::settings::Transport;

use crate::lab::{Lab, address, get, lab, on, port, serve, within};

fn cycles(lab: &mut Lab, times: usize) {
    let mut web = on("default");
    web.aliases = vec!["www".into()];
    web.ports = vec![port("", 8080, Transport::Tcp), port("127.0.0.1", 8081, Transport::Udp)];
    let cycle = |lab: &mut Lab| {
        let joined = lab.join("web", &web);
        lab.join("db", &on("default"));
        lab.join("far", &on("other"));
        for name in ["db", "web", "far"] {
            lab.networks.leave(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        joined
    };
    let first = cycle(lab);
    let left = lab.left();
    for _ in 0..times {
        assert_eq!(cycle(lab), first, "addresses are the same each time");
    }
    assert_eq!(lab.left(), left, "nothing is left behind");
    let joined = lab.join("web", &web);
    within(&joined, || serve(address("::"), 80, "web"));
    assert_eq!(get(address("127.0.0.1"), 8080).as_deref(), Some("web"));
}

#[test]
fn nothing_is_left_behind_after_50_times() {
    lab("cycles::nothing_is_left_behind_after_50_times", |lab| cycles(lab, 17));
}

#[test]
#[ignore = "takes five minutes"]
fn nothing_is_left_behind_after_1000_times() {
    lab("cycles::nothing_is_left_behind_after_1000_times", |lab| cycles(lab, 334));
}

#[test]
fn two_hundred_workloads_have_room_beside_each_other() {
    lab("cycles::two_hundred_workloads_have_room_beside_each_other", |lab| {
        let begin = std::time::Instant::now();
        let names: Vec<String> = (0..200).map(|number| format!("w{number:03}")).collect();
        for name in &names {
            lab.join(name, &on("default"));
        }
        eprintln!("200 workloads joined in {} ms", begin.elapsed().as_millis());
        let last = lab.networks.look_up("w199").expect("readable").expect("it joined");
        within(&last, || serve(address("::"), 80, "last"));
        let first = lab.networks.look_up("w000").expect("readable").expect("it joined");
        let found = within(&first, || crate::lab::resolve(&first.resolv_conf, "w199"));
        assert_eq!(found, Some(last.addresses.clone()));
        assert_eq!(within(&first, || get(last.addresses[1], 80)).as_deref(), Some("last"));
        for name in &names {
            lab.networks.leave(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert!(!lab.ip("-o link").contains("ctn-"));
    });
}
