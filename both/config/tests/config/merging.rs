//! Documents over one another: what wins, where it is from, what changes.

use crate::common::{CERTIFICATE, KEY, KEY_BYTES, document, full, toml, well, yaml};
use corten_config::settings::{CheckKind, Mount, Variable};
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
    for secret in [KEY_BYTES, "geheim"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // Addresses with a user are no secrets by their keys, and are known by their looks.
    let told =
        format!("{:?}{:?}{}", merged.origins(), changes(None, &merged), merged.to_toml(Secrets::Hidden));
    assert!(!told.contains("wort-"), "{told}");
}

#[test]
fn what_is_of_one_of_several_kinds_is_replaced_as_a_whole() {
    let container = |rest: &str| {
        toml(&format!("version = 1\n[secrets]\ns = \"x\"\n[workloads.w.containers.c]\nimage = \"x\"\n{rest}"))
    };
    let base = container(
        "environment = { A = \"a\", B = { secret = \"s\" }, C = \"c\" }\nmounts = { \"/a\" = { volume = \"v\", read-only = true } }\n\
         liveness = { http = \":80/\", failures = 9 }\nresources = { cpu = 1, pids-max = 9 }",
    );
    let over = container(
        "environment = { A = { secret = \"s\" }, B = \"b\" }\nmounts = { \"/a\" = { tmpfs = true }, \"/b\" = { volume = \"w\" } }\n\
         liveness = { tcp = 80 }\nresources = { cpu = 2 }",
    );
    let merged = read(&[base, over]).unwrap_or_else(|report| panic!("{report}"));
    let container = &merged.settings().containers.workloads["w"].containers["c"];
    assert_eq!(container.environment["A"], Variable::Secret { name: "s".into() });
    assert_eq!(container.environment["B"], Variable::Text { text: "b".into() });
    assert_eq!(container.environment["C"], Variable::Text { text: "c".into() });
    assert_eq!(container.mounts["/a"], Mount::Tmpfs { size: None });
    assert_eq!(container.mounts.len(), 2);
    let check = container.liveness.as_ref().expect("it is there");
    assert_eq!((&check.kind, check.failures), (&CheckKind::Tcp { port: 80 }, 3));
    assert_eq!((container.resources.cpu_millis, container.resources.pids_max), (Some(2000), Some(9)));
}

#[test]
fn a_registry_of_which_nothing_is_said_is_a_change() {
    let before = well("[registries.\"*\"]\nmirrors = [\"http://a\"]");
    let after = well("[registries.\"*\"]\nmirrors = [\"http://a\"]\n[registries.a]");
    assert_ne!(before.settings(), after.settings());
    let told: Vec<String> = changes(Some(&before), &after).into_iter().map(|change| change.key).collect();
    assert_eq!(told, ["registries.a"]);
    assert_eq!(
        changes(Some(&before), &well("[registries.\"*\"]\nmirrors = [\"http://a\"]\n[containers]")),
        []
    );
}

#[test]
fn secrets_are_told_by_that_they_change() {
    let of = |secret: &str, password: &str, proxy: &str| {
        well(&format!(
            "[secrets]\na = \"{secret}\"\n[registries.r]\nuser = \"u\"\npassword = \"{password}\"\n[network.proxy]\n\
             http = \"http://u:{proxy}@p\""
        ))
    };
    let (before, after) = (of("geheim-1", "geheim-1", "geheim-1"), of("geheim-2", "geheim-2", "geheim-2"));
    for change in changes(Some(&before), &after) {
        assert_eq!(
            (change.before.as_deref(), change.after.as_deref()),
            (Some("(secret)"), Some("(secret)")),
            "{}",
            change.key
        );
    }
    let keys: Vec<String> = changes(Some(&before), &after).into_iter().map(|change| change.key).collect();
    assert_eq!(keys, ["network.proxy.http", "registries.r.password", "secrets.a"]);
    assert!(after.origins().iter().all(|origin| !origin.value.contains("geheim")));
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
