//! containerd killed again and again under load: what runs goes on, what it prints is kept, and nothing is left behind.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use corten_vm::Machine;
use libtest_mimic::Trial;

use super::traces::{Traces, nothing_is_left};
use super::{LONG, all_are_ready, applies, comes_to, containers, does, lines};
use crate::live::{Node, Setting, Story};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

/// How often it is killed.
const KILLS: usize = 50;
/// Workloads that count from the beginning to the end, a line each 100 ms.
const COUNTERS: [&str; 3] = ["counter-0", "counter-1", "counter-2"];
/// Workloads that are started and stopped meanwhile.
const GUESTS: [&str; 4] = ["guest-0", "guest-1", "guest-2", "guest-3"];
/// Containers of all of them, and the one that looks.
const ALL: usize = COUNTERS.len() + GUESTS.len() + 1;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workloads_containerd_killed",
        when: When::Long,
        setting,
        steps: &[
            ("become_ready_with_the_node", become_ready),
            ("outlive_every_kill", outlive_every_kill),
            ("have_every_line_that_they_printed", have_every_line),
            ("leave_the_node_healthy", leave_the_node_healthy),
            ("have_one_shim_each", have_one_shim_each),
            ("leave_nothing_behind", leave_nothing_behind),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    let Setting { machine, owner } = super::setting(workshop, name, "")?;
    Ok(Setting { machine: Machine { memory_mib: 1536, ..machine }, owner })
}

fn tables() -> String {
    let counters = COUNTERS.map(|name| {
        format!(
            "[workloads.{name}.containers.main]\nimage = \"busybox:1\"\nread-only = true\nstop-signal = \"SIGKILL\"\n\
             command = [\"/usr/bin/sh\", \"-c\", \
             \"i=0; while :; do echo count $i; i=$((i + 1)); usleep 100000; done\"]\n"
        )
    });
    let guests = GUESTS.map(|name| {
        format!(
            "[workloads.{name}.containers.main]\nimage = \"busybox:1\"\ncommand = [\"/usr/bin/sleep\", \"1000000\"]\n\
             stop-signal = \"SIGKILL\"\n"
        )
    });
    [super::EYE.to_owned(), counters.concat(), guests.concat()].join("\n")
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    all_are_ready(node, 1)?;
    Traces::keep_settled(node, "before")?;
    applies(node, &tables())?;
    all_are_ready(node, ALL).map(drop)
}

/// The processes of the workloads that count.
fn processes(node: &mut Node<'_>) -> Result<BTreeMap<String, u64>> {
    let all = node.until(LONG, containers)?;
    let of = |workload: &&str| {
        let name = format!("{workload}/main");
        let found = all.get(&name).with_context(|| format!("no {name}"))?;
        let is_same_run = found["state"] == "ready" && found["restarts"] == 0;
        ensure!(is_same_run, "{found}");
        Ok((name, found["pid"].as_u64().context("no process")?))
    };
    COUNTERS.iter().map(of).collect()
}

fn outlive_every_kill(node: &mut Node<'_>) -> Result<()> {
    let before = processes(node)?;
    for kill in 0..KILLS {
        // One is being stopped and another one started when it happens.
        let (stops, starts) = (GUESTS[kill % GUESTS.len()], GUESTS[(kill + 1) % GUESTS.len()]);
        let pid = node.until(LONG, |node| node.service("containerd"))?["pid"].clone();
        // What was asked for while nobody could do it is done later.
        does(node, &["workload", "start", starts])?;
        does(node, &["workload", "stop", stops])?;
        does(node, &["restart", "kill"])?;
        node.until(LONG, |node| {
            let now = node.service("containerd")?;
            // Its own wait grows with each kill, up to half a minute.
            if now["state"] == "back-off" {
                node.run(&["restart", "containerd"])?;
            }
            ensure!(now["state"] == "ready" && now["pid"] != pid, "kill {kill}: {now}, before {pid}");
            Ok(())
        })?;
    }
    for guest in GUESTS {
        does(node, &["workload", "start", guest])?;
        comes_to(node, &format!("{guest}/main"), "ready")?;
    }
    let after = processes(node)?;
    ensure!(after == before, "the processes were {before:?} and are {after:?}");
    Ok(())
}

fn have_every_line(node: &mut Node<'_>) -> Result<()> {
    for counter in COUNTERS {
        let lines = lines(node, counter)?;
        let counts =
            lines.iter().filter_map(|line| line.rsplit_once("count ")).map(|(_, count)| count.parse());
        let counts = counts.collect::<Result<Vec<usize>, _>>()?;
        ensure!(counts.len() > KILLS, "{counter} has counted to {} only", counts.len());
        let wrong = counts.iter().enumerate().find(|(at, count)| at != *count);
        ensure!(wrong.is_none(), "{counter}: line and count differ from {wrong:?} on, of {}", counts.len());
        println!("{counter}: {} lines, none missing", counts.len());
    }
    Ok(())
}

fn leave_the_node_healthy(node: &mut Node<'_>) -> Result<()> {
    node.until(LONG, |node| {
        let health = node.ask(&["health"])?;
        ensure!(health["verdict"] == "healthy", "{health}");
        Ok(())
    })
}

fn have_one_shim_each(node: &mut Node<'_>) -> Result<()> {
    node.until(LONG, |node| {
        let now = Traces::look(node)?;
        let shims = now.count("process /usr/bin/containerd-shim");
        ensure!(shims == ALL, "{shims} shims of {ALL} containers");
        Ok(())
    })
}

fn leave_nothing_behind(node: &mut Node<'_>) -> Result<()> {
    applies(node, super::EYE)?;
    all_are_ready(node, 1)?;
    nothing_is_left(node, "before")
}
