//! Workloads as parts of the node: runtimes, its API, containerd, its health, its clock, its disk.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::super::{becomes, complains, container, exec, prints};
use super::{HATCH, MUCH, WINDOW, port};
use crate::live::{Node, PATIENCE, Wire, find};

/// `PERMISSION_DENIED` of gRPC.
const DENIED: Option<u32> = Some(7);

/// The code of a call that is refused for want of a role is compared; that of one that is let through is `OK`.
const DONE: Option<u32> = Some(0);

/// Bytes by which the state may grow while a container starts: records of containerd and lines of logs.
const LITTLE: u64 = 1 << 20;

/// One that the recipe brings is had; another name of the first one is none.
pub(super) fn choose_runtimes(node: &mut Node<'_>) -> Result<()> {
    becomes(node, "inside/main", "ready")?;
    complains(node, "unknown/main", &["no runtime \"third\""])?;
    for (container, expected) in [("inside.main", "/usr/sbin/runc"), ("plain.main", "/usr/bin/crun")] {
        let told = runtime(node, container)?;
        ensure!(told.ends_with(expected), "{container}: {told:?}");
    }
    Ok(())
}

/// What containerd has written down for the shim of a container: a message of protobuf that ends with the program's path.
fn runtime(node: &mut Node<'_>, container: &str) -> Result<String> {
    let record = ctr(node, &["containers", "info", container])?;
    let record: Value = serde_json::from_str(&record).with_context(|| record.clone())?;
    let options = record["Runtime"]["Options"]["value"].as_str().with_context(|| record.to_string())?;
    exec(node, "plain", &format!("echo {options} | base64 -d"))
}

/// What changes nothing is answered; the rest is not for readers.
pub(super) fn open_the_local_api(node: &mut Node<'_>) -> Result<()> {
    becomes(node, "window/main", "ready")?;
    let mut wire = Wire::without_tls(port(node, WINDOW)?)?;
    let read = wire.call("corten.v1.Node/Info", &[])?;
    ensure!(read.code == DONE && read.messages.len() == 1, "{read:?}");
    let changed = wire.call("corten.v1.Node/PowerOff", &[])?;
    ensure!(changed.code == DENIED, "{changed:?}");
    let other = exec(node, "plain", "ls -d /run/corten /run/containerd 2>&1 || true")?;
    ensure!(other.lines().all(|line| line.contains("No such file")), "{other:?}");
    Ok(())
}

/// Operators start and stop what there is, and configure nothing.
pub(super) fn open_it_for_operators(node: &mut Node<'_>) -> Result<()> {
    becomes(node, "hatch/main", "ready")?;
    let mut wire = Wire::without_tls(port(node, HATCH)?)?;
    let read = wire.call("corten.v1.Node/Info", &[])?;
    ensure!(read.code == DONE && read.messages.len() == 1, "{read:?}");
    let before = container(node, "people/number")?["pid"].clone();
    // The first field of the request: the name of the workload.
    let done = wire.call("corten.v1.Workloads/Restart", b"\x0a\x06people")?;
    ensure!(done.code == DONE, "{done:?}");
    node.until(PATIENCE, |node| {
        let now = container(node, "people/number")?;
        ensure!(now["state"] == "ready" && now["pid"] != before, "{now}, before process {before}");
        Ok(())
    })?;
    for method in ["corten.v1.Config/Apply", "corten.v1.Node/Reset", "corten.v1.Workloads/Exec"] {
        let refused = wire.call(method, &[])?;
        ensure!(refused.code == DENIED, "{method}: {refused:?}");
    }
    Ok(())
}

pub(super) fn ctr(node: &mut Node<'_>, arguments: &[&str]) -> Result<String> {
    let mut all = vec!["exec", "master", "--", "/usr/bin/ctr", "--namespace", "corten"];
    all.extend(arguments);
    node.prints(&all)
}

pub(super) fn open_containerd(node: &mut Node<'_>) -> Result<()> {
    let tasks = ctr(node, &["tasks", "list"])?;
    let plain = container(node, "plain/main")?;
    let pid = plain["pid"].to_string();
    ensure!(tasks.lines().any(|line| line.contains(&pid) && line.contains("RUNNING")), "{tasks}");
    // One that may use the API has not been given containerd.
    let other = exec(node, "window", "test -e /run/containerd || echo nothing")?;
    ensure!(other == "nothing\n", "{other:?}");
    Ok(())
}

/// Bytes of the state that are in use.
fn in_use(node: &mut Node<'_>) -> Result<u64> {
    let mounts = node.ask(&["mounts"])?;
    let state = find(&mounts, "target", "/var")?;
    state["used_bytes"].as_u64().with_context(|| state.to_string())
}

/// Images of the recipe are run where they lie: nothing of them is copied, unpacked or registered, at their first start
/// neither.
pub(super) fn put_nothing_on_the_state(node: &mut Node<'_>) -> Result<()> {
    let images = node.ask(&["images"])?;
    let spare = find(&images, "name", "spare:1")?;
    ensure!(spare["used_by"] == json!([]), "{spare}");
    let before = in_use(node)?;
    let more = "[workloads.more]\nstop-seconds = 0\n\n[workloads.more.containers.main]\nimage = \"spare:1\"\n\
                command = [\"/usr/bin/sh\", \"-c\", \"wc -c /usr/share/much; exec sleep 1000000\"]\n";
    let text = node.owner.configuration(more)?;
    node.applies("more.toml", &text, &[])?.exits_with(0)?;
    becomes(node, "more/main", "ready")?;
    prints(node, "more", &format!("{MUCH} /usr/share/much"))?;
    let after = in_use(node)?;
    ensure!(after < before + LITTLE, "{before} bytes before, {after} after");
    for kind in ["content", "snapshots", "images"] {
        let list = ctr(node, &[kind, "list", "--quiet"]).or_else(|_| ctr(node, &[kind, "list"]))?;
        let entries = list.lines().filter(|line| !line.starts_with("KEY"));
        ensure!(entries.count() == 0, "{kind}: {list}");
    }
    Ok(())
}

pub(super) fn make_the_node_unhealthy(node: &mut Node<'_>) -> Result<()> {
    let verdict = |node: &mut Node<'_>, expected: &str| {
        node.until(PATIENCE, |node| {
            // It exits with what it found.
            let health = node.run(&["-o", "json", "health"])?.json()?[0]["result"].clone();
            let vital = find(&health["checks"], "name", "workload/vital")?;
            ensure!(vital["verdict"] == expected, "{vital}");
            ensure!(find(&health["checks"], "name", "workload/plain").is_err(), "{health}");
            Ok(())
        })
    };
    verdict(node, "healthy")?;
    node.run(&["workload", "stop", "vital"])?.exits_with(0)?;
    verdict(node, "unhealthy")?;
    node.run(&["workload", "start", "vital"])?.exits_with(0)?;
    verdict(node, "healthy")
}

/// It runs each minute and once in one, and is done in between.
pub(super) fn run_jobs(node: &mut Node<'_>) -> Result<()> {
    node.until(PATIENCE + Duration::from_mins(2), |node| {
        let lines = node.prints(&["-o", "json", "logs", "job"])?;
        let runs: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let moment = |run: &Value| -> Result<i64> {
            let at = run["result"]["at"].as_str().with_context(|| run.to_string())?;
            ensure!(run["result"]["text"] == "it is time", "{run}");
            Ok(at.parse::<jiff::Timestamp>()?.as_second())
        };
        let moments: Vec<i64> = runs.iter().map(moment).collect::<Result<_>>()?;
        ensure!(moments.len() > 1, "it ran at {moments:?}");
        let minutes: BTreeSet<i64> = moments.iter().map(|second| second / 60).collect();
        ensure!(minutes.len() == moments.len(), "more than once in a minute: {moments:?}");
        Ok(())
    })?;
    node.until(PATIENCE, |node| {
        let workloads = node.ask(&["workloads"])?;
        let job = find(&workloads["workloads"], "name", "job")?;
        ensure!(job["state"] == "scheduled", "{job}");
        let next = job["next_run"].as_str().with_context(|| job.to_string())?;
        let next = next.parse::<jiff::Timestamp>()?;
        ensure!(next.as_second() % 60 == 0, "{job}");
        Ok(())
    })
}
