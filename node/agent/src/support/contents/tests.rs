//! A secret in every text of a bundle, and none in the archive.

use std::io::Read as _;

use super::*;
use crate::logs::Entry;
use crate::support::{Bundle, Redactor};

/// A word that would be found wherever it came out.
const SECRET: &str = "hunter2hunter2";

/// Contents in which every text that somebody else may choose is this one.
fn contents(text: &str) -> Contents {
    let t = || text.to_string();
    let journal = Journal::new(1 << 20);
    let lines = text.lines().flat_map(|line| {
        ["web", "kernel"].map(|source| Entry { source: source.into(), text: line.into(), ..Entry::default() })
    });
    journal.add(lines, 0, 0);
    Contents {
        info: v1::InfoResponse {
            hostname: t(),
            reason: t(),
            labels: [(t(), t())].into(),
            ..Default::default()
        },
        health: v1::HealthResponse {
            checks: vec![v1::Check { name: t(), found: t(), ..Default::default() }],
            ..Default::default()
        },
        services: vec![v1::ServiceStatus { name: t(), found: t(), ..Default::default() }],
        workloads: vec![v1::WorkloadStatus {
            containers: vec![v1::ContainerStatus { name: t(), detail: t(), ..Default::default() }],
            ..Default::default()
        }],
        images: Ok(vec![v1::Image { name: t(), ..Default::default() }]),
        config: t(),
        origins: vec![v1::KeyOrigin { key: "x".into(), value: t(), document: t(), line: 1 }],
        journal,
        processes: Ok(vec![v1::Process { command: t(), service: t(), ..Default::default() }]),
        disks: Ok(vec![v1::Disk {
            model: t(),
            serial: t(),
            partitions: vec![v1::DiskPartition { label: t(), ..Default::default() }],
            ..Default::default()
        }]),
        mounts: Ok(vec![v1::Mount { source: t(), options: vec![t()], ..Default::default() }]),
        links: Ok(vec![v1::Link { name: t(), problem: t(), ..Default::default() }]),
        addresses: Ok(vec![v1::Address { link: t(), ..Default::default() }]),
        routes: Ok(vec![v1::Route { link: t(), ..Default::default() }]),
        sockets: Ok(vec![v1::Socket { local: t(), ..Default::default() }]),
        timeline: Ok(v1::TimelineResponse {
            steps: vec![v1::Step { name: t(), ..Default::default() }],
            ..Default::default()
        }),
        events: vec![v1::Event { subject: t(), text: t(), ..Default::default() }],
        audit: vec![v1::AuditEntry { who: t(), what: t(), result: t(), ..Default::default() }],
        metrics: t(),
    }
}

/// Names and texts of the archive.
fn archive(contents: Contents, redactor: Redactor) -> Vec<(String, String)> {
    let bytes: Vec<u8> =
        Bundle::new(contents.sections(), redactor, 0).flat_map(|piece| piece.expect("a piece")).collect();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let mut found = Vec::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("a text");
        found.push((entry.path().expect("a path").display().to_string(), text));
    }
    found
}

#[test]
fn a_secret_that_nobody_takes_out_would_be_in_every_text() {
    let found = archive(contents(SECRET), Redactor::default());
    assert_eq!(found.len(), 20);
    for (name, text) in found {
        assert!(text.contains(SECRET), "{name} shows nothing of what it is for");
    }
}

#[test]
fn no_secret_comes_out_of_any_text() {
    let ways = [
        format!("password={SECRET}"),
        format!("api.key = \"{SECRET}\""),
        format!("run --token {SECRET} x"),
        format!("{{\"secret\":\"{SECRET}\"}}"),
        format!("http://user:{SECRET}@host/"),
        format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"),
    ];
    for way in ways {
        for (name, text) in archive(contents(&way), Redactor::default()) {
            assert!(!text.contains(SECRET), "{name}: {text}");
        }
    }
    for (name, text) in archive(contents(&format!("plain {SECRET} words")), Redactor::new([SECRET.into()])) {
        assert!(!text.contains(SECRET) && text.contains("plain"), "{name}: {text}");
    }
    for (name, text) in archive(contents("the code is 7K2M-Q9XZ-04AB"), Redactor::default()) {
        assert!(!text.contains("7K2M"), "{name}: {text}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let contents = Contents {
        timeline: Err(FactError::Content { path: "/run/x".into(), expected: "a timeline" }),
        ..contents("x")
    };
    let found = archive(contents, Redactor::default());
    let (_, timeline) = found.iter().find(|(name, _)| name.ends_with("timeline.txt")).expect("a file");
    assert_eq!(timeline, "not known: /run/x: expected a timeline\n");
}
