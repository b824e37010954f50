//! A thousand starts and stops, through everything that takes part in them, leave nothing behind.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::traces::{Traces, nothing_is_left};
use super::{LONG, all_are_ready, applies, containers, does};
use crate::live::{Node, Setting, Story};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

/// Workloads that are started and stopped together, and how often: one thousand in all.
const TOGETHER: usize = 20;
const ROUNDS: usize = 50;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workloads_rounds",
        when: When::Long,
        setting,
        steps: &[
            ("become_ready_with_the_node", become_ready),
            ("start_and_stop_a_thousand_times", start_and_stop),
            ("leave_what_a_stopped_workload_leaves", leave_what_a_stopped_one_leaves),
            ("leave_nothing_behind", leave_nothing),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    super::setting(workshop, name, "")
}

/// Each has everything that is made for a start: a network, ports, names, a volume, memory, a secret.
fn tables() -> String {
    let workloads = (0..TOGETHER).map(|number| {
        let (tcp, udp) = (8100 + number, 9100 + number);
        format!(
            "[workloads.round-{number}]\nports = [\"{tcp}:80\", \"{udp}:90/udp\"]\naliases = [\"alias-{number}\"]\n\
             [workloads.round-{number}.containers.main]\nimage = \"busybox:1\"\ncommand = [\"/usr/bin/sleep\", \"1000000\"]\n\
             stop-signal = \"SIGKILL\"\n[workloads.round-{number}.containers.main.mounts]\n\
             \"/data\" = {{ volume = \"round\" }}\n\"/memory\" = {{ tmpfs = true }}\n\"/word\" = {{ secret = \"word\" }}\n\
             \"/probe\" = {{ host = \"/run/probe\" }}\n"
        )
    });
    let workloads: String = workloads.collect();
    format!("{}\n[secrets]\nword = \"open-sesame\"\n{workloads}", super::EYE)
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    all_are_ready(node, 1)?;
    Traces::keep_settled(node, "before")
}

/// All of them are to be started or stopped, and then are.
fn all(node: &mut Node<'_>, word: &str, state: &str) -> Result<()> {
    for number in 0..TOGETHER {
        does(node, &["workload", word, &format!("round-{number}")])?;
    }
    node.until(LONG, |node| {
        let all = containers(node)?;
        let mut others = all.iter().filter(|(name, one)| name.starts_with("round-") && one["state"] != state);
        ensure!(all.len() == TOGETHER + 1 && others.next().is_none(), "not all are {state}: {all:?}");
        Ok(())
    })
}

/// How many there are of what only a workload that runs has.
#[derive(Debug, PartialEq, Eq)]
struct OfRunning {
    cables: usize,
    namespaces: usize,
    files: usize,
}

impl OfRunning {
    fn among(traces: &Traces) -> Self {
        Self {
            cables: traces.count("link veth-"),
            namespaces: traces.in_folder("/run/corten/containers/netns"),
            files: traces.in_folder("/run/corten/containers/files"),
        }
    }
}

fn start_and_stop(node: &mut Node<'_>) -> Result<()> {
    applies(node, &tables())?;
    all_are_ready(node, TOGETHER + 1)?;
    all(node, "stop", "stopped")?;
    let before = OfRunning::among(&*node.kept::<Traces>("before")?);
    // Networks go after the processes: first the cable, then the rules, then the namespace.
    let once = node.until(LONG, |node| {
        let found = Traces::look(node)?;
        let now = OfRunning::among(&found);
        ensure!(now == before, "{now:?}, before {before:?}");
        Ok(found)
    })?;
    node.keep("once", once);
    for _ in 1..ROUNDS {
        all(node, "start", "ready")?;
        all(node, "stop", "stopped")?;
    }
    Ok(())
}

fn leave_what_a_stopped_one_leaves(node: &mut Node<'_>) -> Result<()> {
    nothing_is_left(node, "once")
}

fn leave_nothing(node: &mut Node<'_>) -> Result<()> {
    applies(node, super::EYE)?;
    all_are_ready(node, 1)?;
    does(node, &["volume", "remove", "round", "--yes"])?;
    nothing_is_left(node, "before")
}
