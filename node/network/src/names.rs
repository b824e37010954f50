//! Files that programs read names from: `/etc/resolv.conf` and `/etc/hosts`, which the image links to these.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

/// Where the resolver's file lies below the root directory.
pub const RESOLV_PATH: &str = "/run/corten/network/resolv.conf";
/// Where the hosts file lies.
pub const HOSTS_PATH: &str = "/run/corten/network/hosts";

/// The resolver's file (resolv.conf(5)).
pub fn resolv_conf(dns: &[IpAddr], search: &[String]) -> String {
    let mut text = String::new();
    for server in dns {
        let _ = writeln!(text, "nameserver {server}");
    }
    if !search.is_empty() {
        let _ = writeln!(text, "search {}", search.join(" "));
    }
    text
}

/// The hosts file (hosts(5)): this machine, then the lines of the configuration.
pub fn hosts(hostname: Option<&str>, lines: &BTreeMap<IpAddr, Vec<String>>) -> String {
    let mut text = String::from("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    // The node's own name has to be found without a network. An address of its own keeps it apart from localhost.
    if let Some(name) = hostname {
        let short = name.split('.').next().filter(|short| *short != name);
        let _ =
            writeln!(text, "127.0.1.1 {name}{}", short.map(|short| format!(" {short}")).unwrap_or_default());
    }
    for (address, names) in lines.iter().filter(|(_, names)| !names.is_empty()) {
        let _ = writeln!(text, "{address} {}", names.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_what_programs_read() {
        let dns = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse().expect("an address"));
        insta::assert_snapshot!(resolv_conf(&dns, &["lan".into(), "example.org".into()]), @r"
        nameserver 192.0.2.1
        nameserver 2001:db8::1
        search lan example.org
        ");
        let lines = BTreeMap::from([(dns[0], vec!["registry".into(), "registry.lan".into()])]);
        insta::assert_snapshot!(hosts(Some("node.lan"), &lines), @r"
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        127.0.1.1 node.lan node
        192.0.2.1 registry registry.lan
        ");
    }
}
