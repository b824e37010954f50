//! Files that programs read names from: `/etc/resolv.conf` and `/etc/hosts`, which the image links to these, and the
//! variables of a proxy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use corten_config::settings::Proxy;

/// Where the resolver's file lies below the root directory.
pub const RESOLV_PATH: &str = "/run/corten/network/resolv.conf";
/// Where the hosts file lies.
pub const HOSTS_PATH: &str = "/run/corten/network/hosts";
/// Where the variables of the proxy lie: one `NAME=value` a line.
pub const PROXY_PATH: &str = "/run/corten/network/proxy.env";

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

/// The variables of a proxy, in both cases, since programs do not agree on one. A value that would break a line is left
/// out.
pub fn proxy_env(proxy: Option<&Proxy>) -> String {
    let Some(proxy) = proxy else { return String::new() };
    let none = (!proxy.no_proxy.is_empty()).then(|| proxy.no_proxy.join(","));
    let variables =
        [("http_proxy", proxy.http.clone()), ("https_proxy", proxy.https.clone()), ("no_proxy", none)];
    let mut text = String::new();
    for (name, value) in variables {
        let value = value.filter(|value| !value.chars().any(char::is_control));
        if let Some(value) = value {
            let _ = writeln!(text, "{name}={value}\n{}={value}", name.to_ascii_uppercase());
        }
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
        let proxy = Proxy {
            http: Some("http://proxy:3128".into()),
            https: Some("http://a\nLD_PRELOAD=x".into()),
            no_proxy: vec!["lan".into(), "10.0.0.0/8".into()],
        };
        insta::assert_snapshot!(proxy_env(Some(&proxy)), @r"
        http_proxy=http://proxy:3128
        HTTP_PROXY=http://proxy:3128
        no_proxy=lan,10.0.0.0/8
        NO_PROXY=lan,10.0.0.0/8
        ");
    }
}
