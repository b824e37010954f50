//! What settings and observations come to for each link.

use corten_config::settings::{self, Addressing, Match};

use super::*;
use crate::plan::{Kind, Link};

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

#[test]
fn a_card_gets_the_settings_that_fit_best() {
    let card = |mac: u8| Link {
        index: 2,
        kind: Kind::Card,
        ours: false,
        managed: false,
        mac: Some([2, 0, 0, 0, 0, 99]),
        permanent: Some([2, 0, 0, 0, 0, mac]),
        driver: Some("e1000e".into()),
        mtu: 1500,
        up: false,
        carrier: false,
        master: None,
        ipv6: None,
    };
    let links =
        [("eth0".to_owned(), card(1)), ("eth1".to_owned(), card(2)), ("eth2".to_owned(), card(3))].into();
    let observed = Observed { links, ..Observed::default() };
    let link = |name: Option<&str>, mac: Option<&str>, driver: Option<&str>| settings::Link {
        kind: LinkKind::Physical(Match {
            name: name.map(Into::into),
            mac: mac.map(Into::into),
            driver: driver.map(Into::into),
        }),
        mtu: None,
        addressing: Addressing::default(),
    };
    let network = Network {
        links: [
            ("a-driver".to_owned(), link(None, None, Some("e1000e"))),
            ("b-mac".to_owned(), link(None, Some("02:00:00:00:00:02"), None)),
            ("c-name".to_owned(), link(Some("eth0"), None, None)),
        ]
        .into(),
        ..Network::default()
    };
    let wanted = Wanted::of(&observed, &network, &BTreeMap::new());
    let named: Vec<&str> = wanted.links.values().map(|link| link.configured_as.as_str()).collect();
    assert_eq!(named, ["c-name", "b-mac", "a-driver"]);
}

#[test]
fn a_router_elsewhere_is_said_to_be_on_the_link() {
    let mut observed = Observed::default();
    observed.links.insert(
        "eth0".to_owned(),
        Link {
            index: 2,
            kind: Kind::Card,
            ours: false,
            managed: false,
            mac: Some([2, 0, 0, 0, 0, 1]),
            permanent: None,
            driver: None,
            mtu: 1500,
            up: true,
            carrier: true,
            master: None,
            ipv6: None,
        },
    );
    let route = |to: &str, via: &str| settings::Route { to: net(to), via: via.parse().ok(), metric: None };
    let network = Network {
        links: [(
            "wan".to_owned(),
            settings::Link {
                kind: LinkKind::Physical(Match { name: Some("eth0".into()), ..Match::default() }),
                mtu: None,
                addressing: Addressing {
                    addresses: vec![net("203.0.113.7/32"), net("192.0.2.9/24")],
                    routes: vec![
                        route("0.0.0.0/0", "172.31.1.1"),
                        route("10.0.0.0/8", "192.0.2.1"),
                        route("::/0", "fe80::1"),
                    ],
                    ..Addressing::default()
                },
            },
        )]
        .into(),
        ..Network::default()
    };
    let wanted = Wanted::of(&observed, &network, &BTreeMap::new());
    let link = wanted.links.get("eth0").expect("it fits");
    let onlink: Vec<(String, bool)> =
        link.routes.iter().map(|route| (route.to.to_string(), route.onlink)).collect();
    assert_eq!(onlink, [("0.0.0.0/0".into(), true), ("10.0.0.0/8".into(), false), ("::/0".into(), false)]);
    assert!(link.addresses.values().all(|source| *source == Source::Static));
}

#[test]
fn what_belongs_to_workloads_gets_no_settings_and_no_configured_link_is_called_like_it() {
    let there = |kind, master: Option<&str>| Link {
        index: 3,
        kind,
        ours: false,
        managed: false,
        mac: Some([2, 0, 0, 0, 0, 1]),
        permanent: None,
        driver: None,
        mtu: 1500,
        up: true,
        carrier: true,
        master: master.map(Into::into),
        ipv6: None,
    };
    let bridge = format!("{LINK_PREFIX}default");
    let links = [
        (bridge.clone(), there(Kind::Bridge { stp: false }, None)),
        ("veth-0123456789".to_owned(), there(Kind::Other, Some(&bridge))),
    ];
    let observed = Observed { links: links.into(), ..Observed::default() };
    let configured = |kind| settings::Link { kind, mtu: None, addressing: Addressing::default() };
    let all = Match { name: Some("*".into()), ..Match::default() };
    let own = format!("{LINK_PREFIX}lan");
    let network = Network {
        links: [
            ("all".to_owned(), configured(LinkKind::Physical(all))),
            (own.clone(), configured(LinkKind::Bridge { links: Vec::new(), stp: false })),
        ]
        .into(),
        ..Network::default()
    };
    let wanted = Wanted::of(&observed, &network, &BTreeMap::new());
    assert!(wanted.links.is_empty(), "{:?}", wanted.links);
    assert!(wanted.problems.iter().any(|problem| problem.text.contains(&own)), "{:?}", wanted.problems);
    assert_eq!(crate::plan::plan(&observed, &wanted), []);
}
