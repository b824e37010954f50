//! Two hundred containers on one node: all become ready, all are listed, and nothing of them is left when they end.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use corten_vm::Machine;
use libtest_mimic::Trial;
use serde_json::Value;

use super::traces::{Traces, nothing_is_left};
use super::{LONG, all_are_ready, applies, containers, does};
use crate::live::{Node, Setting, Story};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

const WORKLOADS: usize = 40;
const EACH: usize = 5;
const ALL: usize = WORKLOADS * EACH;

/// What one may cost, with its share of a shim and everything that the kernel keeps for it: twice what it does cost.
const MOST_MEMORY: u64 = 2 << 20;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workloads_many",
        when: When::Long,
        setting,
        steps: &[
            ("become_ready_with_the_node", become_ready),
            ("are_all_ready", are_all_ready),
            ("cost_little_memory", cost_little_memory),
            ("are_stopped_by_hand", are_stopped_by_hand),
            ("leave_nothing_behind", leave_nothing_behind),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    let Setting { machine, owner } = super::setting(workshop, name, "")?;
    Ok(Setting { machine: Machine { memory_mib: 4096, ..machine }, owner })
}

/// Workloads that come with one change of the configuration.
fn tables() -> Result<String> {
    let mut tables = super::EYE.to_owned();
    for workload in 0..WORKLOADS {
        for container in 0..EACH {
            writeln!(
                tables,
                "[workloads.many-{workload:02}.containers.c{container}]\nimage = \"busybox:1\"\n\
                 command = [\"/usr/bin/sleep\", \"1000000\"]\nread-only = true\nstop-signal = \"SIGKILL\""
            )?;
        }
    }
    Ok(tables)
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    all_are_ready(node, 1)?;
    Traces::keep_settled(node, "before")
}

fn are_all_ready(node: &mut Node<'_>) -> Result<()> {
    applies(node, &tables()?)?;
    let begun = node.elapsed();
    let all = all_are_ready(node, ALL + 1)?;
    let again: Vec<&Value> = all.values().filter(|one| one["restarts"] != 0).collect();
    ensure!(again.is_empty(), "started more than once: {again:?}");
    println!("{ALL} containers were ready after {:.0} s", node.elapsed() - begun);
    Ok(())
}

fn cost_little_memory(node: &mut Node<'_>) -> Result<()> {
    let (before, now) = (node.kept::<Traces>("before")?, Traces::look(node)?);
    // One for a workload, and one for the eye that looks.
    let shims = now.count("process /usr/bin/containerd-shim");
    ensure!(shims == WORKLOADS + 1, "{shims} shims for {WORKLOADS} workloads and the eye");
    let each = before.memory("MemAvailable")?.saturating_sub(now.memory("MemAvailable")?) / ALL as u64;
    println!("each of {ALL} containers has {} KiB, with all that belongs to it", each >> 10);
    ensure!(each < MOST_MEMORY, "each has {each} bytes");
    Ok(())
}

fn are_stopped_by_hand(node: &mut Node<'_>) -> Result<()> {
    let begun = node.elapsed();
    for workload in 0..WORKLOADS {
        does(node, &["workload", "stop", &format!("many-{workload:02}")])?;
    }
    node.until(LONG, |node| {
        let all = containers(node)?;
        let stopped = all.values().filter(|one| one["state"] == "stopped").count();
        ensure!(stopped == ALL, "{stopped} of {} are stopped", all.len());
        Ok(())
    })?;
    println!("{ALL} containers were stopped after {:.0} s", node.elapsed() - begun);
    Ok(())
}

fn leave_nothing_behind(node: &mut Node<'_>) -> Result<()> {
    applies(node, super::EYE)?;
    all_are_ready(node, 1)?;
    nothing_is_left(node, "before")
}
