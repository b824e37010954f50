//! What a workload's containers find as `/etc/resolv.conf`, `/etc/hosts` and `/etc/hostname`: pure functions of its place
//! and of the node's own files.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::names::is_host_name;

/// The domain in which aardvark-dns answers for workloads, and for nothing else. It comes first in the search list: a
/// name without a dot is answered for at once then, whether or not the node has a name server.
pub const DOMAIN: &str = "dns.podman";
/// Domains of the node that are searched after it. glibc before 2.26 looks at six in all.
const SEARCHED: usize = 5;
/// Bytes of a node's file that are looked at.
const LONGEST: usize = 64 << 10;

/// The resolver's file of a workload on a bridge: the node's addresses there, which answer for workloads and pass on
/// all else.
pub fn resolv_conf(servers: &[IpAddr], of_node: &str) -> String {
    let mut text = String::new();
    for server in servers {
        let _ = writeln!(text, "nameserver {server}");
    }
    let _ = writeln!(text, "search {}", [&[DOMAIN], searched(of_node).as_slice()].concat().join(" "));
    text
}

/// The domains that a resolver's file searches: those of its last such line.
fn searched(text: &str) -> Vec<&str> {
    let line = head(text).lines().rfind(|line| line.split_whitespace().next() == Some("search"));
    let domains = line.into_iter().flat_map(|line| line.split_whitespace().skip(1));
    domains.filter(|domain| is_host_name(domain) && *domain != DOMAIN).take(SEARCHED).collect()
}

/// The hosts file of a workload: itself, and what the node knows of others.
pub fn hosts(workload: &str, aliases: &[String], addresses: &[IpAddr], of_node: &str) -> String {
    let mut text = String::from("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    let names: Vec<&str> = std::iter::once(workload).chain(aliases.iter().map(String::as_str)).collect();
    // Without an address it still has to find itself. One of its own keeps it apart from localhost.
    let own: &[IpAddr] = if addresses.is_empty() { &[IpAddr::V4([127, 0, 1, 1].into())] } else { addresses };
    for address in own {
        let _ = writeln!(text, "{address} {}", names.join(" "));
    }
    for line in head(of_node).lines() {
        let words = line.split('#').next().unwrap_or_default();
        let mut words = words.split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else { continue };
        let others: Vec<&str> = words.filter(|name| is_host_name(name) && !names.contains(name)).collect();
        // The node's own names lie on its loopback, and here that is the workload's.
        if !address.is_loopback() && !others.is_empty() {
            let _ = writeln!(text, "{address} {}", others.join(" "));
        }
    }
    text
}

/// The name of a workload as its containers find it.
pub fn hostname(workload: &str) -> String {
    format!("{workload}\n")
}

/// As much of a text as is looked at.
fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn names_of_workloads_are_looked_for_first() {
        let servers = addresses(&["10.89.0.1", "fd00:1:2:3::1"]);
        let of_node =
            "nameserver 192.0.2.53\nsearch old.example\nsearch lan.example a..b dns.podman example.org\n";
        insta::assert_snapshot!(resolv_conf(&servers, of_node), @r"
        nameserver 10.89.0.1
        nameserver fd00:1:2:3::1
        search dns.podman lan.example example.org
        ");
        insta::assert_snapshot!(resolv_conf(&servers[..1], ""), @r"
        nameserver 10.89.0.1
        search dns.podman
        ");
        let many = format!("search {}", "x.example ".repeat(20));
        assert_eq!(resolv_conf(&[], &many).split_whitespace().count(), 2 + SEARCHED);
    }

    #[test]
    fn a_workload_finds_itself_and_what_the_node_was_told_of() {
        let own = addresses(&["10.89.0.2", "fd00:1:2:3::2"]);
        let of_node = "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 node.lan node # itself\n\
                       192.0.2.9 registry registry.lan\nnonsense\n192.0.2.8 web\n192.0.2.7\n";
        insta::assert_snapshot!(hosts("web", &["www".into()], &own, of_node), @r"
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        10.89.0.2 web www
        fd00:1:2:3::2 web www
        192.0.2.9 registry registry.lan
        ");
        insta::assert_snapshot!(hosts("job", &[], &[], ""), @r"
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        127.0.1.1 job
        ");
        assert_eq!(hostname("web"), "web\n");
    }

    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        let long = format!("{}é\nsearch late.example\n", "x".repeat(LONGEST - 1));
        assert_eq!(resolv_conf(&[], &long), "search dns.podman\n");
    }
}
