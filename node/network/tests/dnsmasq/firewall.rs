//! What comes through.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use corten_config::settings::{Allow, PortRange, Transport};
use corten_network::FirewallState;

use crate::lab::{Lab, Side, card, fixed, lab, order};

/// Ports that somebody listens on, on the node.
const PORTS: [u16; 5] = [22, 80, 443, 7443, 8080];

fn open(lab: &Lab) -> Vec<u16> {
    let connects = |port: &u16| {
        let address = SocketAddr::from(([192, 0, 2, 7], *port));
        lab.inside(Side::Router, || TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_ok())
    };
    PORTS.into_iter().filter(connects).collect()
}

#[test]
fn only_what_is_allowed_comes_in() {
    let Some(mut lab) = lab() else { return };
    let listeners: Vec<TcpListener> = lab.inside(Side::Node, || {
        PORTS.map(|port| TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, port)).expect("free")).into()
    });
    lab.run(Side::Node, "ip address add 192.0.2.7/24 dev eth0");
    lab.run(Side::Node, "ip link set eth0 up");
    let begin = std::time::Instant::now();
    while open(&lab) != PORTS {
        assert!(begin.elapsed() < Duration::from_secs(10), "the cable works without a firewall");
    }

    // Before any order everything is closed.
    lab.start();
    lab.wait("closed", |state| state.firewall == FirewallState::Closed);
    assert_eq!(open(&lab), Vec::<u16>::new());

    let mut wanted = order(1, &[("lan", card("eth0", fixed(&["192.0.2.7/24"])))]);
    wanted.api_ports = vec![7443];
    let allow = |port, from: &[&str]| Allow {
        protocol: Transport::Tcp,
        ports: vec![PortRange { first: port, last: port }],
        from: from.iter().map(|text| text.parse().expect("a network")).collect(),
    };
    wanted.firewall.allow =
        vec![allow(80, &[]), allow(443, &["192.0.2.0/28"]), allow(8080, &["198.51.100.0/24"])];
    lab.order(&wanted);
    lab.wait("applied", |state| state.firewall == FirewallState::Applied);
    assert_eq!(open(&lab), [80, 443, 7443]);

    // The API for others alone. A connection that is there goes on.
    let address = SocketAddr::from(([192, 0, 2, 7], 7443));
    let old = lab.inside(Side::Router, || TcpStream::connect(address)).expect("it is open");
    wanted.generation = 2;
    wanted.api_allowed = vec!["198.51.100.0/24".parse().expect("a network")];
    lab.order(&wanted);
    assert_eq!(open(&lab), [80, 443]);
    (&old).write_all(b"still here").expect("sent");
    // The first connections in the queue were probes of this test, which said nothing.
    let mut said = [0; 10];
    while listeners[3].accept().expect("it was accepted").0.read_exact(&mut said).is_err() {}
    assert_eq!(&said, b"still here");

    // Out it may go anywhere, and answers come back.
    let outside = lab.inside(Side::Router, || TcpListener::bind("192.0.2.1:5000")).expect("free");
    let address = outside.local_addr().expect("bound");
    assert!(lab.inside(Side::Node, || TcpStream::connect_timeout(&address, Duration::from_secs(5))).is_ok());
}

#[test]
fn without_a_firewall_no_link_is_brought_up() {
    let Some(mut lab) = lab() else { return };
    let real = lab.refuse_rules();
    lab.start();
    let wanted = order(1, &[("lan", card("eth0", fixed(&["192.0.2.7/24"])))]);
    wanted.write(lab.root()).expect("writable");
    lab.wait(
        "no firewall",
        |state| matches!(&state.firewall, FirewallState::Absent(why) if why.contains("no rules today")),
    );
    std::thread::sleep(Duration::from_millis(500));
    assert!(!lab.run(Side::Node, "ip link show dev eth0").contains(",UP"));
    // Once it can be had, all goes on by itself.
    lab.restore_rules(&real);
    lab.wait("applied", |state| state.firewall == FirewallState::Applied && state.links.contains_key("eth0"));
    assert!(lab.run(Side::Node, "ip link show dev eth0").contains(",UP"));
}
