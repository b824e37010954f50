//! What is checked of everything together: each check with a document that it refuses, beside one that it lets pass.

use crate::common::{CERTIFICATE, KEY, refused, well, wrong};

const CARDS: &str =
    "[network.links.lan]\nmatch = { name = \"eth0\" }\n[network.links.wan]\nmatch = { name = \"eth1\" }\n";

fn with_cards(body: &str) -> String {
    format!("{CARDS}{body}")
}

#[test]
fn links_that_are_named_exist() {
    refused(
        &with_cards("[network.vlans.v]\nlink = \"lam\"\nid = 1"),
        &["`network.vlans.v.link` names \"lam\"", "did you mean `lan`?"],
    );
    refused(
        &with_cards("[network.bonds.b]\nlinks = [\"lan\", \"x\"]"),
        &["`network.bonds.b.links` names \"x\""],
    );
    refused(&with_cards("[network.bridges.b]\nlinks = [\"x\"]"), &["machine.toml:7:10", "names \"x\""]);
    well(&with_cards("[network.bridges.b]\nlinks = []\n[network.vlans.v]\nlink = \"b\"\nid = 4094"));
}

#[test]
fn what_is_beyond_reason_is_refused_in_time() {
    let started = std::time::Instant::now();
    let cards = |count: usize| -> String {
        (0..count).fold(String::new(), |text, n| text + &n.to_string() + " = { match = { name = \"e\" } }\n")
    };
    refused(&format!("[network.links]\n{}", cards(257)), &["256 links at most, this one 257"]);
    well(&format!("[network.links]\n{}", cards(256)));
    refused(&format!("[network]\nntp = [{}]", "\"a\",".repeat(1025)), &["1024 items at most"]);
    let labels: String = (0..1000).fold(String::new(), |text, n| text + "\"-" + &n.to_string() + "\" = 1\n");
    let report = wrong(&format!("[identity.labels]\n{labels}"));
    assert!(report.ends_with("\nand 1900 more problems"), "{report}");
    let names = (0..1000).fold(String::new(), |text, n| text + "\"x" + &n.to_string() + "\",");
    let bonds = (0..25)
        .fold(String::new(), |text, n| text + "b" + &n.to_string() + " = { links = [" + &names + "] }\n");
    wrong(&format!("[network.bonds]\n{bonds}"));
    let text = format!("version = 1\n# {}", "://".repeat(80_000));
    let document = crate::common::toml(&text);
    assert_eq!(corten_config::redacted(&document), document);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn names_of_links_are_one_to_one() {
    refused(&with_cards("[network.bridges.lan]"), &["two links are named `lan`"]);
}

#[test]
fn links_do_not_lie_on_each_other_in_circles() {
    refused(
        "[network.vlans.a]\nlink = \"b\"\nid = 1\n[network.vlans.b]\nlink = \"a\"\nid = 1",
        &["`a` on `b` on `a`"],
    );
    refused("[network.vlans.a]\nlink = \"a\"\nid = 1", &["circle: `a` on `a`"]);
    refused("[network.bridges.a]\nlinks = [\"b\"]\n[network.vlans.b]\nlink = \"a\"\nid = 1", &["circle"]);
    refused("[network.bridges.a]\nlinks = [\"a\"]", &["circle"]);
}

#[test]
fn a_link_has_one_master() {
    let body = "[network.bridges.a]\nlinks = [\"lan\"]\n[network.bridges.b]\nlinks = [\"lan\"]";
    refused(&with_cards(body), &["`lan` is in `a` already, and can't be in `b` as well"]);
    let body = "[network.bridges.a]\nlinks = [\"lan\"]\n[network.bonds.b]\nlinks = [\"lan\", \"wan\"]";
    refused(&with_cards(body), &["`lan`"]);
    well(&with_cards("[network.bridges.a]\nlinks = [\"b\"]\n[network.bonds.b]\nlinks = [\"lan\", \"wan\"]"));
}

#[test]
fn members_have_no_addressing_of_their_own() {
    for own in [
        "dhcp4 = true",
        "dhcp6 = true",
        "slaac = true",
        "addresses = [\"192.0.2.4/24\"]",
        "routes = [{ to = \"192.0.2.0/24\" }]",
    ] {
        let body = format!(
            "[network.links.lan]\nmatch = {{ name = \"eth0\" }}\n{own}\n[network.bridges.br0]\nlinks = [\"lan\"]"
        );
        refused(&body, &["`lan` is in `br0`", "write them at `network.bridges.br0`", "machine.toml:4"]);
    }
    well(
        "[network.links.lan]\nmatch = { name = \"eth0\" }\ndhcp4 = false\nmtu = 9000\n[network.bridges.br0]\nlinks = [\"lan\"]",
    );
}

#[test]
fn members_are_of_a_kind_that_fits() {
    refused(
        &with_cards("[network.bonds.b]\nlinks = [\"v\"]\n[network.vlans.v]\nlink = \"lan\"\nid = 1"),
        &["a bond is made of cards"],
    );
    refused("[network.bridges.a]\nlinks = [\"b\"]\n[network.bridges.b]", &["`b` is a bridge"]);
    refused(
        &with_cards("[network.bonds.b]\nlinks = [\"lan\"]\n[network.vlans.v]\nlink = \"lan\"\nid = 1"),
        &["write `link = \"b\"`"],
    );
    refused("[network.bonds.b]\nlinks = []", &["made of no card"]);
    refused("[network.bonds.b]\nmode = \"802.3ad\"", &["`network.bonds.b.links` is missing"]);
}

#[test]
fn a_card_is_told_apart() {
    refused("[network.links.lan]", &["`network.links.lan.match` is missing"]);
    refused("[network.links.lan]\nmatch = {}", &["fits every card"]);
}

#[test]
fn vlans_have_a_link_and_a_number_of_their_own() {
    refused("[network.vlans.a]\nid = 1", &["`network.vlans.a.link` is missing"]);
    refused(&with_cards("[network.vlans.a]\nlink = \"lan\""), &["`network.vlans.a.id` is missing"]);
    let two = |id| {
        format!("[network.vlans.a]\nlink = \"lan\"\nid = 1\n[network.vlans.b]\nlink = \"lan\"\nid = {id}")
    };
    refused(&with_cards(&two(1)), &["two VLANs on `lan` have the number 1"]);
    well(&with_cards(&two(2)));
    refused(&with_cards("[network.vlans.a]\nlink = \"lan\"\nid = 0"), &["expected 1 to 4094"]);
}

#[test]
fn packets_are_large_enough_and_fit() {
    let link = |rest: &str| format!("[network.links.lan]\nmatch = {{ name = \"eth0\" }}\n{rest}");
    for ipv6 in [
        "slaac = true",
        "dhcp6 = true",
        "addresses = [\"2001:db8::1/64\"]",
        "routes = [{ to = \"default\", via = \"fe80::1\" }]",
    ] {
        refused(&link(&format!("mtu = 1279\n{ipv6}")), &["1280 at least, not 1279"]);
        well(&link(&format!("mtu = 1280\n{ipv6}")));
    }
    well(&link("mtu = 68\ndhcp4 = true"));
    refused(&link("mtu = 67"), &["expected 68 to 65535"]);
    refused(
        &link("mtu = 1500\n[network.vlans.v]\nlink = \"lan\"\nid = 1\nmtu = 1501"),
        &["don't fit through `lan`"],
    );
}

#[test]
fn no_address_stands_twice() {
    refused(
        "[network.links.a]\nmatch = { name = \"a\" }\naddresses = [\"192.0.2.4/24\"]\n[network.links.b]\nmatch = { name = \"b\" }\n\
         addresses = [\"192.0.2.4/25\"]",
        &["192.0.2.4 stands twice", "machine.toml:7"],
    );
    refused("[network]\ndns = [\"2001:db8::1\", \"2001:DB8::1\"]", &["2001:db8::1 stands twice"]);
    refused(
        "[network]\ndns = [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", \"192.0.2.4\"]",
        &["3 name servers at most"],
    );
}

#[test]
fn routes_go_somewhere() {
    let routes = |routes: &str| {
        format!(
            "[network.links.lan]\nmatch = {{ name = \"eth0\" }}\naddresses = [\"192.0.2.4/24\"]\nroutes = [{routes}]"
        )
    };
    refused(&routes("{ to = \"default\" }"), &["`network.links.lan.routes[0].via` is missing"]);
    refused(&routes("{ via = \"192.0.2.1\" }"), &["`network.links.lan.routes[0].to` is missing"]);
    refused(&routes("{ to = \"2001:db8::/64\", via = \"192.0.2.1\" }"), &["not of one family"]);
    refused(&routes("{ to = \"default\", via = \"192.0.2.4\" }"), &["address of the node itself"]);
    let two = "{ to = \"default\", via = \"192.0.2.1\" }, { to = \"default\", via = \"192.0.2.2\" }";
    refused(&routes(two), &["one metric"]);
    let two = "{ to = \"default\", via = \"192.0.2.1\" }, { to = \"default\", via = \"192.0.2.2\", metric = 5 }, \
               { to = \"default\", via = \"fe80::1\" }, { to = \"198.51.100.0/24\" }";
    well(&routes(two));
}

#[test]
fn hosts_are_told_apart() {
    refused("[network.hosts]\n\"2001:db8::1\" = [\"a\"]\n\"2001:db8:0::1\" = [\"b\"]", &["are one address"]);
    refused(
        "[network.hosts]\n\"192.0.2.1\" = [\"a\"]\n\"192.0.2.2\" = [\"a\"]",
        &["`a` is 192.0.2.1 already"],
    );
    refused("[network.hosts]\n\"192.0.2.1\" = []", &["192.0.2.1 has no name"]);
    well("[network.hosts]\n\"192.0.2.1\" = [\"a\"]\n\"2001:db8::1\" = [\"a\"]");
}

#[test]
fn a_certificate_goes_with_its_key() {
    refused(&format!("[api]\ncertificate = \"\"\"{CERTIFICATE}\"\"\""), &["`api.key` is missing"]);
    refused(&format!("[api]\nkey = \"\"\"{KEY}\"\"\""), &["`api.certificate` is missing"]);
    well(&format!("[api]\ncertificate = \"\"\"{CERTIFICATE}\"\"\"\nkey = \"\"\"{KEY}\"\"\""));
}

#[test]
fn one_client_has_no_more_connections_than_all() {
    refused("[api.limits]\nconnections = 10\nconnections-per-client = 11", &["11 connections"]);
    refused("[api.limits]\nconnections-per-client = 513", &["together only 512"]);
    assert_eq!(well("[api.limits]\nconnections = 10").settings().api.limits.connections_per_client, 10);
}

#[test]
fn settings_of_the_kernel_give_nobody_more_power() {
    for name in [
        "kernel.core_pattern",
        "kernel/core_pattern",
        "kernel.modprobe",
        "kernel.hotplug",
        "kernel.poweroff_cmd",
        "fs.binfmt_misc.register",
        "kernel.usermodehelper.bset",
        "kernel.hostname",
        "kernel.panic",
    ] {
        refused(&format!("[kernel.sysctl]\n\"{name}\" = \"1\""), &["is not for configurations"]);
    }
    for (name, bad, good) in [
        ("kernel.kexec_load_disabled", "0", "1"),
        ("kernel.unprivileged_bpf_disabled", "0", "2"),
        ("kernel.sysrq", "1", "0"),
        ("kernel/dmesg_restrict", "0", "1"),
        ("fs.suid_dumpable", "2", "0"),
        ("kernel.randomize_va_space", "0x0", "2"),
    ] {
        refused(
            &format!("[kernel.sysctl]\n\"{name}\" = \"{bad}\""),
            &["can't be", "help: what may be written is"],
        );
        well(&format!("[kernel.sysctl]\n\"{name}\" = {good}"));
    }
    refused("[kernel.sysctl]\n\"vm.swappiness\" = 1\n\"vm/swappiness\" = 2", &["are one setting"]);
    refused("[kernel.sysctl]\n\"vm..swappiness\" = 1", &["expected a kernel setting"]);
}

#[test]
fn disks_are_told_apart() {
    let disks = |a: &str, b: &str| format!("[storage.disks.a]\n{a}\n[storage.disks.b]\n{b}");
    let a = "disk = { serial = \"1\" }\nmount = \"/var/mnt/a\"";
    well(&disks(a, "disk = { serial = \"2\" }\nmount = \"/var/mnt/ab\""));
    refused(&disks(a, "disk = { serial = \"1\" }\nmount = \"/var/mnt/b\""), &["`a` and `b` are one disk"]);
    refused(
        &disks(a, "disk = { serial = \"2\" }\nmount = \"/var/mnt/a\""),
        &["two disks are mounted at /var/mnt/a"],
    );
    refused(
        &disks(a, "disk = { serial = \"2\" }\nmount = \"/var/mnt/a/b\""),
        &["and one name of characters"],
    );
    refused(
        &disks(a, "disk = { serial = \"2\" }\nmount = \"/var/mnt/b\"\nlabel = \"a\""),
        &["have one label"],
    );
    refused(&disks(a, "disk = {}\nmount = \"/var/mnt/b\""), &["any disk would fit"]);
    refused(&disks(a, "mount = \"/var/mnt/b\""), &["`storage.disks.b.disk` is missing"]);
    refused(&disks(a, "disk = { name = \"vdb\" }"), &["`storage.disks.b.mount` is missing", "/var/mnt/b"]);
    refused(
        "[storage.disks.abcdefghijklmnopq]\ndisk = { name = \"vdb\" }\nmount = \"/var/mnt/b\"",
        &["label` is missing", "longer than 16"],
    );
}

#[test]
fn mounts_stay_below_their_folder() {
    for mount in [
        "/var/mnt",
        "/var/mnt/",
        "/var/mnt/..",
        "/var/mnt/a/../b",
        "/var/mnt//a",
        "/etc",
        "var/mnt/a",
        "/var/mnt/a b",
    ] {
        refused(
            &format!("[storage.disks.a]\ndisk = {{ serial = \"1\" }}\nmount = \"{mount}\""),
            &["`/var/mnt/` and one name"],
        );
    }
}

#[test]
fn rules_of_the_firewall_let_something_in_that_is_not_there_already() {
    let rule = |rest: &str| format!("[[firewall.allow]]\n{rest}");
    well(&rule("protocol = \"udp\"\nports = [7443]"));
    refused(&rule("protocol = \"tcp\"\nports = [\"7000-8000\"]"), &["port 7443 is the API's", "api.allowed"]);
    refused(&rule("protocol = \"tcp\"\nports = []"), &["lets nothing in"]);
    refused(&rule("protocol = \"tcp\"\nports = [80, \"70-90\"]"), &["80 and 70-90 have ports in common"]);
    refused(&rule("ports = [80]"), &["protocol` is missing"]);
    refused(&rule("protocol = \"tcp\""), &["ports` is missing"]);
}

#[test]
fn checks_ask_one_thing_in_time() {
    let check = |rest: &str| format!("[health.checks.web]\n{rest}");
    refused(&check("interval = \"5s\""), &["asks nothing"]);
    refused(&check("tcp = \"a:1\"\nhttp = \"http://a/\""), &["not by both"]);
    for authority in ["user@a", "user:word@a:80", "user@[::1]", "a:80@a", "@a"] {
        refused(&check(&format!("http = \"http://{authority}/\"")), &["expected an address such as"]);
    }
    refused(&check("tcp = \"a:1\"\ninterval = \"5s\"\ntimeout = \"6s\""), &["may take 6 s"]);
    assert_eq!(well(&check("tcp = \"a:1\"\ninterval = \"2s\"")).settings().health["web"].timeout_seconds, 2);
}

#[test]
fn targets_have_addresses_and_metrics_a_port() {
    refused("[logging.targets.a]\nformat = \"json\"", &["`logging.targets.a.address` is missing"]);
    refused("[metrics]", &["`metrics.port` is missing"]);
    refused("[metrics]\nport = 7443", &["port 7443 is the API's"]);
}

#[test]
fn items_keep_their_numbers_beside_wrong_ones() {
    let at = |body: &str, word: &str, place: &str| {
        let report = wrong(body);
        let line = report.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{report}"));
        assert!(line.contains(place), "{report}");
    };
    at("[network]\ndns = [\"a\", \"2001:db8::1\", \"2001:DB8::1\"]", "stands twice", ":3:28");
    at(
        "[network.hosts]\n\"192.0.2.1\" = [\"a\"]\n\"192.0.2.2\" = [\"-\", \"a\"]",
        "is 192.0.2.1 already",
        ":4:21",
    );
    at(&with_cards("[network.bridges.b]\nlinks = [\"-\", \"x\"]"), "names \"x\"", ":7:15");
    let card = |rest: &str| format!("[network.links.a]\nmatch = {{ name = \"a\" }}\n{rest}");
    at(&card("addresses = [\"x\", \"192.0.2.1/24\", \"192.0.2.1/25\"]"), "192.0.2.1 stands twice", ":4:35");
    let routes = "routes = [1, { to = \"192.0.2.0/24\" }, { to = \"192.0.2.0/24\" }]";
    at(&card(routes), "two routes lead", ":4:46");
    at(&card("routes = [1, { to = \"default\" }]"), "`network.links.a.routes[1].via` is missing", ":4");
    let rule = |ports: &str| format!("[[firewall.allow]]\nprotocol = \"tcp\"\nports = {ports}");
    at(&rule("[0, 7443]"), "is the API's", ":4:13");
    at(&rule("[0, 80, 80]"), "stands twice", ":4:17");
    at(&rule("[0, 80, \"79-81\"]"), "ports in common", ":4:17");
}
