//! Documents over one another: what wins, where it is from, what changes.

use crate::common::{CERTIFICATE, KEY, KEY_BYTES, document, full, toml, well, yaml};
use corten_config::{Secrets, changes, read};

#[test]
fn later_documents_win_key_by_key_and_lists_are_replaced() {
    let image = document(
        "image.toml",
        "version = 1\n[network]\ndns = [\"192.0.2.1\", \"192.0.2.2\"]\nntp = [\"a\"]\n[identity.labels]\na = \"1\"\nb = \"2\"",
    );
    let platform =
        document("platform.yaml", "version: 1\nidentity:\n  hostname: web-1\n  labels:\n    b: x\n");
    let operator = document("operator.toml", "version = 1\n[network]\ndns = [\"192.0.2.3\"]");
    let merged = read(&[image, platform, operator]).expect("nothing is wrong");
    let settings = merged.settings();
    assert_eq!(settings.network.dns, ["192.0.2.3".parse::<std::net::IpAddr>().expect("it is one")]);
    assert_eq!(settings.network.ntp, ["a"]);
    assert_eq!(settings.identity.labels["a"], "1");
    assert_eq!(settings.identity.labels["b"], "x");
    let origins: Vec<String> = merged
        .origins()
        .into_iter()
        .map(|one| format!("{}:{} {} = {}", one.document, one.line, one.key, one.value))
        .collect();
    insta::assert_snapshot!(origins.join("\n"));
    insta::assert_snapshot!(merged.to_toml_with_origins(Secrets::Hidden));
}

#[test]
fn what_is_merged_is_a_document_again() {
    let merged = read(&[toml(&full())]).expect("nothing is wrong");
    insta::assert_snapshot!(merged.to_toml(Secrets::Hidden));
    let again = read(&[toml(&merged.to_toml(Secrets::Shown))]).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(again.settings(), merged.settings());
    assert_eq!(changes(Some(&merged), &again), []);
}

#[test]
fn changes_are_told_key_by_key_and_secrets_by_that_they_change() {
    let api =
        |key: &str| format!("[api]\ncertificate = \"\"\"{CERTIFICATE}\"\"\"\nkey = \"\"\"{key}\"\"\"\n");
    let before = well(&format!(
        "{}[identity]\nhostname = \"a\"\n[metrics]\nport = 1\n[network.links.x]\nmatch = {{ name = \"x\" }}",
        api(KEY)
    ));
    let other = KEY.replace("MAsMCWdlaGVpbW5pcw==", "MAA=");
    let after = well(&format!(
        "{}[identity]\nhostname = \"b\"\n[[firewall.allow]]\nprotocol = \"tcp\"\nports = [80]\n[network.links.x]\nmatch = {{ name = \"x\" }}",
        api(&other)
    ));
    let told: Vec<String> = changes(Some(&before), &after)
        .into_iter()
        .map(|change| format!("{}: {:?} -> {:?}", change.key, change.before, change.after))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(changes(Some(&after), &after), []);
    assert!(changes(None, &before).iter().all(|change| change.before.is_none()));
}

#[test]
fn what_is_shown_of_a_configuration_holds_no_secret() {
    let merged = read(&[toml(&full())]).expect("nothing is wrong");
    let shown = format!(
        "{merged:?}{:?}{:?}{}",
        merged.origins(),
        changes(None, &merged),
        merged.to_toml(Secrets::Hidden)
    );
    for secret in [KEY_BYTES, "user:word"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn yaml_and_toml_say_the_same() {
    let yaml_text = "version: 1\nidentity: {hostname: node-1, labels: {rack: a1}}\nnetwork:\n  dns:\n    - 192.0.2.53\n  hosts:\n    192.0.2.10: [db]\n  \
        links:\n    lan:\n      match: {mac: 52:54:00:12:34:56}\n      mtu: 1500\n      routes:\n        - {to: default, via: 192.0.2.1}\n\
        kernel:\n  sysctl:\n    vm.swappiness: 10\nfirewall:\n  allow:\n    - protocol: tcp\n      ports: [80, 8000-8010]\n";
    let toml_text = "version = 1\nidentity = { hostname = \"node-1\", labels = { rack = \"a1\" } }\n[network]\ndns = [\"192.0.2.53\"]\n\
        hosts = { \"192.0.2.10\" = [\"db\"] }\n[network.links.lan]\nmatch = { mac = \"52:54:00:12:34:56\" }\nmtu = 1500\n\
        routes = [{ to = \"default\", via = \"192.0.2.1\" }]\n[kernel.sysctl]\n\"vm.swappiness\" = 10\n[[firewall.allow]]\n\
        protocol = \"tcp\"\nports = [80, \"8000-8010\"]\n";
    let a = read(&[yaml(yaml_text)]).unwrap_or_else(|report| panic!("{report}"));
    let b = read(&[toml(toml_text)]).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(a.settings(), b.settings());
    assert_eq!(changes(Some(&a), &b), []);
}

#[test]
fn a_problem_that_is_found_later_has_its_place() {
    let merged = well("[metrics]\nport = 9443");
    let problem = merged.problem(&["metrics", "port"], "port 9443 is taken");
    assert_eq!(problem.to_string(), "machine.toml:3:8: port 9443 is taken");
    assert_eq!(problem.key, "metrics.port");
}
