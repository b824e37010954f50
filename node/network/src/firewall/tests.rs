//! The rules that a firewall's settings become.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

fn range(first: u16, last: u16) -> PortRange {
    PortRange { first, last }
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

fn example() -> Firewall {
    let allow = |protocol, ports: &[PortRange], from: &[&str]| Allow {
        protocol,
        ports: ports.to_vec(),
        from: from.iter().map(|text| net(text)).collect(),
    };
    Firewall {
        allow: vec![
            allow(Transport::Tcp, &[range(443, 443), range(80, 80)], &[]),
            allow(
                Transport::Tcp,
                &[range(30000, 32767), range(32000, 33000)],
                &["10.0.0.0/8", "10.1.0.0/16"],
            ),
            allow(Transport::Udp, &[range(53, 53)], &["192.0.2.0/24", "2001:db8::/32"]),
            allow(Transport::Udp, &[range(4789, 4789)], &["0.0.0.0/0"]),
        ],
    }
}

/// Whether `nft`, of the folder CORTEN_TOOLS_BIN or of this machine, takes the rules; nothing if there is none, or no
/// right to ask the kernel, unless CORTEN_REQUIRE_TOOLS is 1.
fn check(text: &str) {
    let folder = std::env::var_os("CORTEN_TOOLS_BIN").map(std::path::PathBuf::from);
    let given = folder.map(|folder| folder.join("nft")).filter(|path| path.exists());
    let nft = given.unwrap_or_else(|| "nft".into());
    let works = |arguments: &[&str], input: &str| {
        let mut child = Command::new(&nft)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        child.stdin.take()?.write_all(input.as_bytes()).ok()?;
        child.wait_with_output().ok()
    };
    let probe = works(&["-c", "-f", "-"], "table inet probe { }\n");
    if !probe.is_some_and(|output| output.status.success()) {
        let is_required = std::env::var("CORTEN_REQUIRE_TOOLS").as_deref() == Ok("1");
        assert!(!is_required, "nft is missing or may not check rules");
        eprintln!("skipped: nft is missing or may not check rules");
        return;
    }
    let output = works(&["-c", "-f", "-"], text).expect("it ran just now");
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn closed() {
    let text = ruleset(&Firewall::default(), Api::default(), &[]);
    insta::assert_snapshot!(text);
    check(&text);
}

#[test]
fn with_rules() {
    let allowed = [net("192.0.2.0/24"), net("2001:db8::/32")];
    let text = ruleset(&example(), Api { ports: &[7443], allowed: &allowed }, &[]);
    insta::assert_snapshot!(text);
    check(&text);
}

#[test]
fn ports_of_workloads_are_open_under_the_addresses_that_they_name() {
    let port = |address: &str, port, protocol| WorkloadPort { address: address.parse().ok(), port, protocol };
    let ports = [
        port("", 80, Transport::Tcp),
        port("192.0.2.7", 443, Transport::Tcp),
        port("192.0.2.7", 442, Transport::Tcp),
        port("2001:db8::7", 53, Transport::Udp),
        port("0.0.0.0", 54, Transport::Udp),
        port("127.0.0.1", 9000, Transport::Tcp),
        port("::1", 9000, Transport::Tcp),
    ];
    let text = ruleset(&Firewall::default(), Api { ports: &[7443], allowed: &[] }, &ports);
    let rules: Vec<&str> = text.lines().filter(|line| line.contains("dport {")).map(str::trim).collect();
    insta::assert_snapshot!(rules.join("\n"));
    assert!(!text.contains("9000"), "the loopback is open to the node alone:\n{text}");
    check(&text);
}

#[test]
fn a_thousand_rules_are_taken() {
    let rule = |number: u16| Allow {
        protocol: if number.is_multiple_of(2) { Transport::Tcp } else { Transport::Udp },
        ports: vec![range(number * 10 + 1, number * 10 + 25)],
        from: vec![IpNet::new([10, (number >> 8) as u8, number as u8, 0].into(), 24).expect("24 fits")],
    };
    let firewall = Firewall { allow: (0..1000).map(rule).collect() };
    let text = ruleset(&firewall, Api { ports: &[7443], allowed: &[] }, &[]);
    assert!(text.len() < 200_000, "{}", text.len());
    check(&text);
}

proptest! {
    #[test]
    fn merged_ports_are_the_same_ports(ports in proptest::collection::vec((0_u16..200, 0_u16..30), 0..20)) {
        let ports: Vec<PortRange> = ports.into_iter().map(|(first, more)| range(first, first + more)).collect();
        let result = merged(ports.clone());
        let holds = |ranges: &[PortRange], port| ranges.iter().any(|one| one.first <= port && port <= one.last);
        for port in 0..300 {
            prop_assert_eq!(holds(&ports, port), holds(&result, port));
        }
        prop_assert!(result.windows(2).all(|pair| pair[0].last + 1 < pair[1].first));
    }
}

#[test]
fn the_highest_port_merges() {
    assert_eq!(merged(vec![range(65535, 65535), range(1, 65535)]), [range(1, 65535)]);
}
