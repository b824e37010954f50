//! Workloads as parts of the node: runtimes, its API, containerd, its health, its clock, its disk.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::super::{becomes, complains, container, exec, prints};
use super::window;
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
    Ok(())
}

/// What changes nothing is answered; the rest is not for readers.
pub(super) fn open_the_local_api(node: &mut Node<'_>) -> Result<()> {
    // Its check asks for the health of the API that it leads to.
    becomes(node, "window/main", "ready")?;
    let mut wire = Wire::without_tls(window(node)?)?;
    let read = wire.call("corten.v1.Node/Info", &[])?;
    ensure!(read.code == DONE && read.messages.len() == 1, "{read:?}");
    let changed = wire.call("corten.v1.Node/PowerOff", &[])?;
    ensure!(changed.code == DENIED, "{changed:?}");
    let other = exec(node, "plain", "ls -d /run/corten /run/containerd 2>&1 || true")?;
    ensure!(other.lines().all(|line| line.contains("No such file")), "{other:?}");
    Ok(())
}

fn ctr(node: &mut Node<'_>, arguments: &[&str]) -> Result<String> {
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

/// Images of the recipe are run where they lie: nothing of them is copied, unpacked or registered.
pub(super) fn put_nothing_on_the_state(node: &mut Node<'_>) -> Result<()> {
    let before = in_use(node)?;
    let more = "[workloads.more.containers.main]\nimage = \"tools:1\"\ncommand = [\"/usr/bin/sleep\", \"1000000\"]\n";
    let text = node.owner.configuration(&format!("{more}\n[workloads.more]\nstop-seconds = 0\n"))?;
    node.applies("more.toml", &text, &[])?.exits_with(0)?;
    becomes(node, "more/main", "ready")?;
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

/// It runs each minute, and is done in between.
pub(super) fn run_jobs(node: &mut Node<'_>) -> Result<()> {
    node.until(PATIENCE + Duration::from_mins(1), |node| {
        let lines = node.prints(&["logs", "job"])?;
        ensure!(lines.contains("it is time"), "{lines}");
        Ok(())
    })?;
    prints(node, "job", "it is time")?;
    node.until(PATIENCE, |node| {
        let workloads = node.ask(&["workloads"])?;
        let job = find(&workloads["workloads"], "name", "job")?;
        ensure!(job["state"] == "scheduled" && job["next_run"].is_string(), "{job}");
        Ok(())
    })
}
