//! Documents of a machine: its configuration, by every way in, and the nodes that a person knows.

use corten_client::contexts;
use corten_config::{Document, Format, Secrets, changes, read, redacted, with_kept_secrets};
use corten_document::{Bounds, Source, SourceId};

/// Everything that a configuration may hold, but for what PEM there is.
const FULL: &str = include_str!("../../../both/config/tests/config/full.toml");

const YAML: &str = "version: 1\nidentity:\n  hostname: node-1\n  labels: {rack: a1, wiki: 'http://user:word@example.org'}\n\
                    network:\n  links:\n    lan:\n      match: {mac: '52:54:00:12:34:56'}\n      \
                    addresses: [192.0.2.4/24, '2001:db8::4/64']\napi:\n  certificate: |\n    \
                    -----BEGIN CERTIFICATE-----\n    MAA=\n    -----END CERTIFICATE-----\n  key: |-\n    \
                    -----BEGIN PRIVATE KEY-----\n    MAsMCWdlaGVpbW5pcw==\n    -----END PRIVATE KEY-----\n";

/// Workloads by themselves: each is short, so that mutations meet names, schedules, ports and mounts.
const WORKLOADS: [&str; 3] = [
    "version = 1\n[secrets]\na = \"x\"\n[workloads.b]\nafter = [\"c\"]\nschedule = \"*/5 0-6 1,15 jan-mar mon\"\n[workloads.b.containers.b]\n\
     image = \"[::1]:5000/a/b:1@sha256:0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff\"\nenvironment = { A = \"http://u:w@h\", B = { \
     secret = \"a\" } }\narguments = [\"-u\", \"http://u:w@h\"]\n[workloads.c]\nnetwork = \"d\"\naliases = [\"e\"]\nports = [80, \
     \"[2001:db8::5]:8443:443\", \"192.0.2.1:53:53/udp\"]\n[workloads.c.containers.c]\nimage = \"c\"\n",
    "version = 1\n[containers]\nhost-paths = [\"/srv\"]\n[workloads.a.containers.a]\nimage = \"a\"\nuser = \"33:www-data\"\nmounts = { \"/a\" = { \
     host = \"/srv/a\", read-only = true }, \"/b\" = { tmpfs = true, size = \"64 MiB\" }, \"/c\" = { volume = \"c\" } }\nresources = { cpu = \
     \"1.5\", memory-max = \"1 GiB\" }\nliveness = { http = \":80/x\" }\nreadiness = { command = [\"/a\"] }\n",
    "version = 1\n[registries.\"*\"]\nmirrors = [\"https://[::1]:5000\"]\n[registries.\"r:1\"]\nuser = \"u\"\npassword = \"w\"\nverify = \
     \"digest\"\n[network.proxy]\nhttps = \"http://u:%40@p:3128\"\nno-proxy = [\".a\", \"192.0.2.0/24\"]\n",
];

/// What must never be shown.
const KEY: &str = "MAsMCWdlaGVpbW5pcw";

const CONTEXTS: &str = "current = \"lab\"\n[nodes.lab]\naddress = \"127.0.0.1:40123\"\nauthority = \"keys/a.pem\"\n\
                        certificate = \"a.pem\"\nkey = \"a.key\"\nnote = \"rack\"\n[nodes.new]\naddress = \
                        \"[2001:db8::1]:7443\"\nfingerprint = \
                        \"0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff\"\n";

/// One document in either language: the first byte says in which.
fn document(data: &[u8]) -> Option<Document> {
    let (first, text) = data.split_first()?;
    let format = if first % 2 == 0 { Format::Toml } else { Format::Yaml };
    Some(Document { name: "machine".into(), format, text: std::str::from_utf8(text).ok()?.into() })
}

fn seeds_of(toml: &[&str], yaml: &[&str]) -> Vec<Vec<u8>> {
    let with = |first: u8| move |text: &&str| [&[first], text.as_bytes()].concat();
    toml.iter().map(with(0)).chain(yaml.iter().map(with(1))).collect()
}

/// With PEM in it.
fn full() -> String {
    let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let key = format!("-----BEGIN PRIVATE KEY-----\n{KEY}==\n-----END PRIVATE KEY-----\n");
    FULL.replace("CERTIFICATE", certificate).replace("KEY", &key)
}

pub fn tree(data: &[u8]) {
    let Some(document) = document(data) else { return };
    let source = Source::new(document.name, document.format, document.text);
    let bounds = Bounds { bytes: 64 << 10, depth: 16, items: 256 };
    match corten_document::parse(&source, SourceId(0), bounds, corten_config::SUBJECT) {
        Ok(tree) => {
            let writer = corten_document::Writer { order: &["version"], comment: &|_, _| String::new() };
            let _ = writer.write(&tree);
        }
        Err(complaints) => assert!(!complaints.is_empty(), "a refusal says why"),
    }
}

pub fn tree_seeds() -> Vec<Vec<u8>> {
    let yaml = "a: &x [1, two, {three: 4}]\nb: |\n  text\n  more\nc: >-\n  folded\n\n  text\n? d\n: null\n";
    seeds_of(&[&full(), "a.b = [1, {c = \"\\u00e9\"}]\n[[d]]\ne = 2026-11-21T09:00:00Z\n"], &[YAML, yaml])
}

pub fn config(data: &[u8]) {
    let Some(document) = document(data) else { return };
    let lower = Document { name: "image".into(), format: Format::Toml, text: "version = 1\n".into() };
    match read(&[lower.clone(), document]) {
        Ok(merged) => {
            let shown = merged.to_toml(Secrets::Hidden);
            assert!(!shown.contains(KEY), "a key is shown");
            let _ = merged.origins();
            if let Ok(before) = read(&[lower]) {
                let _ = changes(Some(&before), &merged);
            }
            // What the node keeps is read at its next start.
            let written = merged.to_toml(Secrets::Shown);
            let again = Document { name: "kept".into(), format: Format::Toml, text: written };
            match read(&[again]) {
                Ok(again) => assert_eq!(again.settings(), merged.settings(), "it means what it meant"),
                Err(report) => panic!("what is written can't be read: {report}"),
            }
        }
        Err(report) => {
            assert!(!report.problems.is_empty(), "a refusal says why");
            let _ = report.to_string();
        }
    }
}

pub fn config_seeds() -> Vec<Vec<u8>> {
    let starting = corten_config::starting_document(None);
    let [a, b, c] = WORKLOADS;
    let yaml = "version: 1\nsecrets: {a: x}\nworkloads:\n  b:\n    schedule: '@daily'\n    containers:\n      b:\n        \
                image: b\n        environment: {A: 1, B: {secret: a}}\n        mounts:\n          /s: {secret: a}\n";
    seeds_of(&[&full(), &starting, a, b, c], &[YAML, yaml])
}

/// A document that is handed out, and comes back.
pub fn secrets(data: &[u8]) {
    let Some(document) = document(data) else { return };
    let shown = redacted(&document);
    let armoured = |text: &str| text.contains("PRIVATE KEY-----");
    assert!(!armoured(&shown.text), "a private key is shown");
    let back = with_kept_secrets(&shown, std::slice::from_ref(&document));
    if let (Ok(before), Ok(after)) = (read(&[document]), read(&[back])) {
        assert_eq!(before.settings(), after.settings(), "what was shown comes back as it was");
    }
}

pub fn contexts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(document) = contexts::Document::parse(text) {
        let printed = document.print().expect("what was read can be printed");
        assert_eq!(contexts::Document::parse(&printed).ok(), Some(document), "{printed}");
    }
    let _ = text.parse::<contexts::Address>();
    let _ = text.parse::<contexts::NodeName>();
    let _ = contexts::NodeName::like(text);
}

pub fn contexts_seeds() -> Vec<Vec<u8>> {
    vec![CONTEXTS.into(), "[2001:db8::1]:7443".into(), "node-1.example:80".into()]
}

pub fn smbios(data: &[u8]) {
    let strings = corten_platform::parse_smbios(data);
    let bytes: usize = strings.iter().map(String::len).sum();
    // Each byte that is no text may become three.
    assert!(bytes <= 3 * data.len(), "{bytes} bytes of strings in {}", data.len());
}

/// A table with a BIOS, OEM strings and an end, and one without strings.
pub fn smbios_seeds() -> Vec<Vec<u8>> {
    let structure = |kind: u8, strings: &[&str]| {
        let mut bytes = vec![kind, 5, 0, 0, strings.len() as u8];
        for string in strings {
            bytes.extend([string.as_bytes(), &[0]].concat());
        }
        bytes.extend(if strings.is_empty() { &[0, 0][..] } else { &[0] });
        bytes
    };
    let credential = "io.systemd.credential:corten.config.toml=version = 1";
    let binary = "io.systemd.credential.binary:corten.config=dmVyc2lvbiA9IDEK";
    let with = [structure(0, &["SeaBIOS"]), structure(11, &["x", credential, binary]), structure(127, &[])];
    vec![with.concat(), [structure(11, &[]), structure(127, &[])].concat()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else mutations would all be refused for the same reason.
    #[test]
    fn seeds_are_documents() {
        for seed in config_seeds() {
            let document = document(&seed).expect("a document");
            read(&[document]).unwrap_or_else(|report| panic!("{report}"));
        }
        let text = |seed: &Vec<u8>| String::from_utf8(seed.clone()).expect("text");
        assert!(contexts::Document::parse(&text(&contexts_seeds()[0])).is_ok());
        assert_eq!(corten_platform::parse_smbios(&smbios_seeds()[0]).len(), 3);
    }
}
