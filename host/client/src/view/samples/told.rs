//! The part of it that is about what happened and what was configured.

use corten_api::v1;

use super::NOW;

const MINUTE: i64 = 60_000_000_000;

pub(crate) fn log_lines() -> Vec<v1::LogLine> {
    let line = |source: &str, seconds: i64, level, text: &str| v1::LogLine {
        source: source.into(),
        at_ns: NOW + seconds * 1_000_000_000,
        uptime_ms: 1_000,
        level,
        text: text.into(),
        lost: u64::from(seconds == 2) * 12,
    };
    vec![
        line("kernel", 0, 6, "virtio_net virtio1 enp0s2: renamed from eth0"),
        line("containerd", 1, 6, "serving... address=/run/containerd/containerd.sock"),
        line("corten", 2, 4, "thing: restarted for the 4th time"),
        line("thing", 3, 3, "no such file: /etc/thing \u{1b}[31mred\u{1b}[0m"),
        line("kernel", 4, 7, "a detail"),
    ]
}

pub(crate) fn events() -> Vec<v1::Event> {
    let event = |kind: &str, subject: &str, text: &str| v1::Event {
        at_ns: NOW,
        kind: kind.into(),
        subject: subject.into(),
        text: text.into(),
        lost: 0,
    };
    vec![
        event("service", "thing", "exited with 1"),
        event("network", "enp0s2", "has the address 10.0.2.15/24 by DHCP"),
        event("configuration", "", "generation 7 is in force"),
    ]
}

pub(crate) fn audit() -> Vec<v1::AuditEntry> {
    let entry = |number, method: &str, what: &str, result: &str| v1::AuditEntry {
        number,
        at_ns: NOW + MINUTE * number as i64,
        who: "ann".into(),
        certificate: "ef".repeat(32),
        role: "operator".into(),
        from: "10.0.2.2:41234".into(),
        method: method.into(),
        what: what.into(),
        result: result.into(),
    };
    vec![
        entry(1, "corten.v1.Services/Restart", "restart containerd", "ok"),
        entry(2, "corten.v1.Node/Reset", "reset state", "permission denied: needs admin"),
    ]
}

fn change(key: &str, before: &str, after: &str) -> v1::Change {
    v1::Change { key: key.into(), before: before.into(), after: after.into() }
}

fn problem() -> v1::Problem {
    v1::Problem {
        document: "node.toml".into(),
        line: 7,
        column: 9,
        key: "network.links.lan.mtu".into(),
        message: "expected a number from 68 to 65535, found \"big\"".into(),
        help: "1500 is what most networks take".into(),
    }
}

pub(crate) fn configuration() -> v1::GetConfigResponse {
    let origin = |key: &str, value: &str, document: &str, line| v1::KeyOrigin {
        key: key.into(),
        value: value.into(),
        document: document.into(),
        line,
    };
    v1::GetConfigResponse {
        merged: "[identity]\nhostname = \"node-4\"\n\n[network.links.lan]\ndhcp4 = true\n".into(),
        operator: Some(v1::Document {
            name: "node.toml".into(),
            format: v1::Format::Toml.into(),
            text: "[identity]\nhostname = \"node-4\"\n".into(),
        }),
        origins: vec![
            origin("identity.hostname", "\"node-4\"", "node.toml", 2),
            origin("network.links.lan.dhcp4", "true", "/usr/lib/corten/config.toml", 9),
        ],
        generation: 7,
        pending_generation: 8,
        trial_seconds_left: 42,
        problems: vec![problem()],
    }
}

pub(crate) fn checked() -> v1::CheckConfigResponse {
    v1::CheckConfigResponse {
        problems: Vec::new(),
        changes: vec![
            change("identity.hostname", "\"node-4\"", "\"node-5\""),
            change("network.links.storage.dhcp4", "", "true"),
            change("kernel.sysctl.\"vm.swappiness\"", "10", ""),
        ],
    }
}

pub(crate) fn checked_with_problems() -> v1::CheckConfigResponse {
    let other = v1::Problem { line: 0, column: 0, key: String::new(), help: String::new(), ..problem() };
    v1::CheckConfigResponse { problems: vec![problem(), other], changes: Vec::new() }
}

pub(crate) fn history() -> v1::ConfigHistoryResponse {
    let generation = |number, state: &str, changes| v1::Generation {
        number,
        at_ns: NOW + MINUTE * number as i64,
        by: "ann".into(),
        state: state.into(),
        changes,
    };
    v1::ConfigHistoryResponse {
        generations: vec![
            generation(3, "on trial", vec![change("identity.hostname", "\"a\"", "\"b\"")]),
            generation(
                2,
                "went back",
                vec![change("network.dns", "", "[]"), change("network.ntp", "", "[]")],
            ),
            generation(1, "replaced", Vec::new()),
        ],
    }
}
