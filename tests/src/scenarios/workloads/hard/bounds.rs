//! Containers that want everything: memory, and processes without end. They are held by their limits, the node answers,
//! and others go on.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::super::container;
use super::{LONG, all_are_ready, comes_to, does, exec};
use crate::live::{Node, Setting, Story};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

/// How many processes the bomb may have.
const PROCESSES: u64 = 100;
/// How many a container may have of which nothing is said.
const USUAL_PROCESSES: &str = "4096";
/// How long an answer may take while a bomb is going off, on a machine without hardware help.
const ANSWER: Duration = Duration::from_secs(30);

/// The ones that want everything wait for a file of theirs, so that they begin when somebody looks.
const TABLES: &str = r#"
[workloads.quiet.containers.main]
image = "busybox:1"
command = ["/usr/bin/sleep", "1000000"]
stop-signal = "SIGKILL"

[workloads.hungry.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "until [ -e /data/go ]; do sleep 1; done; echo eats; tail /dev/zero; echo has eaten"]
resources = { memory-max = "24 MiB" }
mounts = { "/data" = { volume = "hungry" } }
stop-signal = "SIGKILL"

[workloads.bomb.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "until [ -e /tmp/go ]; do sleep 1; done; (b() { b & b & while :; do :; done; }; b); exec sleep 1000000"]
resources = { pids-max = 100 }
stop-signal = "SIGKILL"
"#;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workloads_bounds",
        when: When::Long,
        setting,
        steps: &[
            ("become_ready_with_the_node", become_ready),
            ("run_out_of_their_own_memory", run_out_of_memory),
            ("have_as_many_processes_as_they_may", have_processes),
            ("let_the_node_answer", let_the_node_answer),
            ("end_when_they_are_told", end_when_told),
            ("leave_others_alone", leave_others_alone),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    super::setting(workshop, name, TABLES)
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    all_are_ready(node, 4)?;
    let quiet = container(node, "quiet/main")?;
    node.keep("quiet", quiet["pid"].clone());
    Ok(())
}

fn run_out_of_memory(node: &mut Node<'_>) -> Result<()> {
    exec(node, "hungry", "touch /data/go")?;
    let hungry = node.until(LONG, |node| {
        let hungry = container(node, "hungry/main")?;
        let restarts = hungry["restarts"].as_u64().context("no restarts")?;
        ensure!(hungry["state"] == "back-off" && restarts >= 2, "{hungry}");
        Ok(hungry)
    })?;
    ensure!(hungry["exit_code"] == 137, "{hungry}");
    let detail = hungry["detail"].as_str().unwrap_or_default();
    ensure!(detail.contains("more memory than it may have"), "{hungry}");
    let log = does(node, &["logs", "hungry"])?;
    ensure!(log.matches("eats").count() >= 2 && !log.contains("has eaten"), "{log}");
    does(node, &["workload", "stop", "hungry"])?;
    comes_to(node, "hungry/main", "stopped").map(drop)
}

fn have_processes(node: &mut Node<'_>) -> Result<()> {
    let usual = exec(node, "quiet", "cat /sys/fs/cgroup/pids.max")?;
    ensure!(usual.trim() == USUAL_PROCESSES, "a container may have {usual} processes");
    exec(node, "bomb", "touch /tmp/go")?;
    node.until(LONG, |node| {
        let bomb = container(node, "bomb/main")?;
        let processes = bomb["processes"].as_u64().context("no number of processes")?;
        // Some have just ended, since they could not have another one.
        ensure!((PROCESSES * 9 / 10..=PROCESSES).contains(&processes), "{bomb}");
        Ok(())
    })
}

fn let_the_node_answer(node: &mut Node<'_>) -> Result<()> {
    for _ in 0..5 {
        for question in [&["info"][..], &["containers"], &["health"]] {
            let begun = Instant::now();
            node.ask(question)?;
            let took = begun.elapsed();
            ensure!(took < ANSWER, "{question:?} took {took:?}");
        }
    }
    let bomb = container(node, "bomb/main")?;
    let processes = bomb["processes"].as_u64().unwrap_or_default();
    ensure!((2..=PROCESSES).contains(&processes) && bomb["restarts"] == 0, "{bomb}");
    Ok(())
}

fn end_when_told(node: &mut Node<'_>) -> Result<()> {
    does(node, &["workload", "stop", "bomb"])?;
    let bomb = comes_to(node, "bomb/main", "stopped")?;
    ensure!(bomb["processes"] == 0, "{bomb}");
    Ok(())
}

fn leave_others_alone(node: &mut Node<'_>) -> Result<()> {
    let before = node.kept::<Value>("quiet")?;
    let now = container(node, "quiet/main")?;
    ensure!(now["pid"] == *before && now["restarts"] == 0, "{now}, before process {before}");
    Ok(())
}
