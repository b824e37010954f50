//! Firewall, logging, checks, metrics.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};

use super::placed::{setting_keys, table_keys};
use super::{API_PORT, demand, values};
use crate::settings::{Allow, Firewall, LogTarget, PortRange, Probe, Target, Transport};
use crate::types::Ports;
use crate::written::{self, entries};

/// Seconds between two checks where nothing is written: quick enough to tell an update that it failed.
const INTERVAL: u32 = 30;

/// Seconds that an answer may take where nothing is written.
const TIMEOUT: u32 = 5;

/// Failures in a row where nothing is written: one may be a restart, three are none.
const FAILURES: u32 = 3;

pub(super) fn firewall(written: &written::Firewall, court: &mut Court<'_>) -> Firewall {
    let top = KeyPath::of(&["firewall", "allow"]);
    let allow = table_keys(&top, court).into_iter().zip(written.allow.iter().flatten());
    Firewall { allow: allow.filter_map(|(key, allow)| decide_allow(allow, &key, court)).collect() }
}

fn decide_allow(written: &written::Allow, key: &KeyPath, court: &mut Court<'_>) -> Option<Allow> {
    let help = "write `protocol = \"tcp\"` or `protocol = \"udp\"`";
    let protocol = demand(written.protocol, &key.key("protocol"), help, court);
    let list = demand(written.ports.as_ref(), &key.key("ports"), "write a list: `ports = [80]`", court);
    let ports = values(list.map(Vec::as_slice));
    if list.is_some() && court.origins.tree().at(&key.key("ports").item(0)).is_none() {
        court.complain(&Problem::Conflict("a rule that lets nothing in".into()), &key.key("ports"), None);
    }
    let protocol = protocol?.0;
    let keys = setting_keys::<Ports>(&key.key("ports"), court);
    for (n, (key, range)) in keys.iter().zip(ports.iter().copied()).enumerate() {
        if protocol == Transport::Tcp && (range.first..=range.last).contains(&API_PORT) {
            let message = format!("port {API_PORT} is the API's, which is let in without a rule");
            let help = "who may use it is said by `api.allowed`".to_owned();
            court.complain(&Problem::Conflict(message), key, Some(help));
        }
        if let Some(other) = ports[..n].iter().copied().find(|other| overlap(range, *other)) {
            let message = format!("{} and {} have ports in common", range_text(other), range_text(range));
            court.complain(&Problem::Conflict(message), key, None);
        }
    }
    Some(Allow { protocol, ports, from: values(written.from.as_deref()) })
}

fn overlap(a: PortRange, b: PortRange) -> bool {
    a.first <= b.last && b.first <= a.last
}

fn range_text(range: PortRange) -> String {
    if range.first == range.last {
        range.first.to_string()
    } else {
        format!("{}-{}", range.first, range.last)
    }
}

pub(super) fn logging(written: &written::Logging, court: &mut Court<'_>) -> BTreeMap<String, LogTarget> {
    let top = KeyPath::of(&["logging", "targets"]);
    let mut targets = BTreeMap::new();
    for (name, target) in entries(written.targets.as_ref()) {
        let key = top.key(name).key("address");
        let help = "write a host with its port: `address = \"logs.example.org:6514\"`";
        let Some(address) = demand(target.address.as_ref(), &key, help, court) else { continue };
        let (host, port) = address.get().clone();
        let target = LogTarget {
            host,
            port,
            transport: target.transport.map(|transport| transport.0).unwrap_or_default(),
            format: target.format.map(|format| format.0).unwrap_or_default(),
        };
        targets.insert(name.to_string(), target);
    }
    targets
}

pub(super) fn health(written: &written::Health, court: &mut Court<'_>) -> BTreeMap<String, Probe> {
    let top = KeyPath::of(&["health", "checks"]);
    entries(written.checks.as_ref())
        .filter_map(|(name, probe)| Some((name.to_string(), decide_probe(probe, &top.key(name), court)?)))
        .collect()
}

fn decide_probe(written: &written::Probe, key: &KeyPath, court: &mut Court<'_>) -> Option<Probe> {
    let interval_seconds = written.interval.as_ref().map_or(INTERVAL, |seconds| *seconds.get());
    let timeout_seconds =
        written.timeout.as_ref().map_or(TIMEOUT.min(interval_seconds), |seconds| *seconds.get());
    if timeout_seconds > interval_seconds {
        let message = format!(
            "an answer may take {timeout_seconds} s, and after {interval_seconds} s it is asked again"
        );
        court.conflict(message, &key.key("timeout"), ("asked again", &key.key("interval")));
    }
    let tree = court.origins.tree();
    let is_there = |name: &str| tree.at(&key.key(name)).is_some();
    match (is_there("tcp"), is_there("http")) {
        (true, true) => {
            let message = "a check asks by `tcp` or by `http`, not by both".to_owned();
            court.conflict(message, &key.key("tcp"), ("the other is here", &key.key("http")));
        }
        (false, false) => {
            let help = "write `tcp = \"127.0.0.1:80\"` or `http = \"http://127.0.0.1/healthz\"`".to_owned();
            let message = format!("`{key}` asks nothing");
            court.complain(&Problem::Conflict(message), key, Some(help));
        }
        (true, false) | (false, true) => {}
    }
    let target = match (&written.tcp, &written.http) {
        (Some(endpoint), _) => {
            let (host, port) = endpoint.get().clone();
            Target::Tcp { host, port }
        }
        (None, Some(url)) => {
            let url = url.get();
            Target::Http { host: url.host.clone(), port: url.port, path: url.path.clone() }
        }
        (None, None) => return None,
    };
    let failures = written.failures.unwrap_or(FAILURES);
    Some(Probe { target, interval_seconds, timeout_seconds, failures })
}

pub(super) fn metrics(written: Option<&written::Metrics>, court: &mut Court<'_>) -> Option<u16> {
    let key = KeyPath::of(&["metrics", "port"]);
    let port = demand(written?.port, &key, "write a port, or take the table out", court)?;
    if port == API_PORT {
        let message = format!("port {API_PORT} is the API's");
        court.complain(&Problem::Conflict(message), &key, Some("9443 is a good choice".into()));
    }
    Some(port)
}
