//! What goes on, and what stays ended, while what looks after it is started again; and the same with the whole node.

use anyhow::{Context as _, Result, ensure};

use super::{becomes, container, exec};
use crate::live::{Node, PATIENCE};

/// How often a workload has printed a line.
fn printed(node: &mut Node<'_>, workload: &str, line: &str) -> Result<usize> {
    Ok(node.prints(&["logs", workload])?.matches(line).count())
}

pub(super) fn survive_their_daemon(node: &mut Node<'_>) -> Result<()> {
    // What stays ended, and what goes on, is for later steps to see: by then the daemon has had time for mistakes.
    node.run(&["workload", "stop", "idle"])?.exits_with(0)?;
    becomes(node, "idle/main", "stopped")?;
    let native = becomes(node, "native/main", "ready")?;
    node.keep("native", native["pid"].as_u64().context("no process")?);
    survive(node, "containers")
}

pub(super) fn survive_containerd(node: &mut Node<'_>) -> Result<()> {
    survive(node, "containerd")
}

/// The service is started again, and the containers have the processes that they had.
fn survive(node: &mut Node<'_>, service: &str) -> Result<()> {
    let before = [container(node, "speaker/main")?, container(node, "server/httpd")?];
    let pid = node.service(service)?["pid"].clone();
    node.run(&["restart", service])?.exits_with(0)?;
    node.until(PATIENCE, |node| {
        let now = node.service(service)?;
        ensure!(now["state"] == "ready" && now["pid"] != pid, "{now}");
        Ok(())
    })?;
    for container in before {
        let name = container["name"].as_str().context("no name")?;
        let now = becomes(node, name, "ready")?;
        ensure!(now["pid"] == container["pid"], "{now}, before {container}");
    }
    Ok(())
}

pub(super) fn have_ended_once(node: &mut Node<'_>) -> Result<()> {
    let once = container(node, "once/main")?;
    let runs = printed(node, "once", "runs once")?;
    ensure!(once["state"] == "done" && runs == 1, "it ran {runs} times: {once}");
    Ok(())
}

pub(super) fn stay_stopped(node: &mut Node<'_>) -> Result<()> {
    let idle = container(node, "idle/main")?;
    ensure!(idle["state"] == "stopped" && idle["pid"].is_null(), "{idle}");
    Ok(())
}

pub(super) fn keep_their_process_on_the_nodes_network(node: &mut Node<'_>) -> Result<()> {
    let before = *node.kept::<u64>("native")?;
    let native = becomes(node, "native/main", "ready")?;
    ensure!(native["pid"] == before, "it was process {before}: {native}");
    Ok(())
}

/// In their order: the page is asked for once, when the guest starts. What a person has stopped starts too, and what is in
/// a volume is there.
pub(super) fn come_back_with_the_node(node: &mut Node<'_>) -> Result<()> {
    exec(node, "server/httpd", "echo kept > /data/mark; sync")?;
    let (pages, runs) = (printed(node, "guest", "a page")?, printed(node, "once", "runs once")?);
    node.run(&["reboot"])?.exits_with(0)?;
    node.becomes_ready()?;
    node.answers()?;
    for name in ["server/httpd", "guest/main", "idle/main", "native/main", "speaker/main"] {
        becomes(node, name, "ready")?;
    }
    becomes(node, "once/main", "done")?;
    node.until(PATIENCE, |node| {
        let now = (printed(node, "guest", "a page")?, printed(node, "once", "runs once")?);
        ensure!(now == (pages + 1, runs + 1), "{now:?}, before {pages} pages and {runs} runs");
        Ok(())
    })?;
    let mark = exec(node, "server/httpd", "cat /data/mark")?;
    ensure!(mark == "kept\n", "{mark:?}");
    Ok(())
}
