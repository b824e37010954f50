//! A state that a container fills to the last byte: the node stays managed and says what is wrong, images that nobody uses
//! go, and when the file is gone all is well again.

use anyhow::{Context, Result, ensure};
use corten_vm::Machine;
use libtest_mimic::Trial;
use serde_json::Value;

use super::super::container;
use super::{LONG, all_are_ready, applies, containers, does, exec, lines};
use crate::live::{Node, Setting, Story, find};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

/// Room for both slots and more than a GiB of state.
const ROOM: u64 = 4 << 30;

/// One fills a volume when it is told to, one prints, and one has an image that is imported.
const TABLES: &str = r#"
[workloads.filler.containers.main]
image = "busybox:1"
command = ["/usr/bin/sleep", "1000000"]
mounts = { "/data" = { volume = "big" } }
stop-signal = "SIGKILL"

[workloads.talker.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "i=0; while :; do echo count $i; i=$((i + 1)); usleep 200000; done"]
stop-signal = "SIGKILL"

[workloads.keeper.containers.main]
image = "kept:1"
command = ["/usr/bin/sleep", "1000000"]
stop-signal = "SIGKILL"
"#;

/// One that starts while there is no room.
const MORE: &str = r#"
[workloads.late.containers.main]
image = "kept:1"
command = ["/usr/bin/sleep", "1000000"]
stop-signal = "SIGKILL"
"#;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workloads_disk_full",
        when: When::Long,
        setting,
        steps: &[
            ("become_ready_with_images", become_ready),
            ("fill_the_state", fill),
            ("are_told_of_by_the_health", are_told_of),
            ("take_images_that_nobody_uses", take_unused_images),
            ("leave_the_node_managed", leave_the_node_managed),
            ("go_on", go_on),
            ("are_well_again_when_there_is_room", are_well_again),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    let Setting { machine, owner } = super::setting(workshop, name, TABLES)?;
    Ok(Setting { machine: Machine { room: ROOM, ..machine }, owner })
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    let archive = node.workshop.path("busybox.tar");
    let archive = archive.to_str().context("the folder of the tests is no text")?.to_owned();
    for name in ["kept:1", "unused:1"] {
        does(node, &["image", "import", &archive, "--name", name])?;
    }
    let all = all_are_ready(node, 4)?;
    ensure!(check(node)?.1 == "healthy", "{all:?}");
    for name in ["talker", "keeper"] {
        node.keep(name, all[&format!("{name}/main")]["pid"].clone());
    }
    Ok(())
}

/// What the health says of the state, and its verdict on it.
fn check(node: &mut Node<'_>) -> Result<(String, String)> {
    // The command ends with a code of its own where the node is not healthy.
    let health = node.until(LONG, |node| node.run(&["-o", "json", "health"])?.json())?;
    let state = find(&health[0]["result"]["checks"], "name", "state")?;
    let text =
        |key: &str| state[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {state}"));
    Ok((text("found")?, text("verdict")?))
}

/// What is there at once, and then byte by byte.
fn fill(node: &mut Node<'_>) -> Result<()> {
    let script = "free=$(df -k /data | tail -n 1 | awk '{ print $(NF - 2) }'); \
        fallocate -l $((free - 1024))k /data/file; dd if=/dev/zero of=/data/rest bs=4k 2>&1 || true; df -k /data";
    let said = exec(node, "filler", script)?;
    ensure!(said.contains("No space left on device"), "{said}");
    Ok(())
}

fn are_told_of(node: &mut Node<'_>) -> Result<()> {
    let (found, verdict) = check(node)?;
    ensure!(verdict == "unhealthy" && found.contains("% in use"), "{verdict}: {found}");
    Ok(())
}

/// The imported ones share their layers, so nothing but the name of one goes. What a container is made of stays.
fn take_unused_images(node: &mut Node<'_>) -> Result<()> {
    node.until(LONG, |node| {
        let images = node.ask(&["images"])?;
        ensure!(find(&images, "name", "unused:1").is_err(), "{images}");
        Ok(())
    })?;
    let images = node.until(LONG, |node| node.ask(&["images"]))?;
    find(&images, "name", "kept:1").map(drop)
}

fn leave_the_node_managed(node: &mut Node<'_>) -> Result<()> {
    does(node, &["info"])?;
    does(node, &["workload", "restart", "keeper"])?;
    node.until(LONG, |node| {
        let keeper = container(node, "keeper/main")?;
        let before = node.kept::<Value>("keeper")?;
        ensure!(keeper["state"] == "ready" && keeper["pid"] != *before, "{keeper}");
        Ok(())
    })
}

fn counted(node: &mut Node<'_>) -> Result<usize> {
    let lines = lines(node, "talker")?;
    let last = lines.iter().rev().find_map(|line| line.rsplit_once("count ")?.1.parse().ok());
    last.context("it has not counted")
}

/// What is printed while there is no room may be lost, and nothing else is.
fn go_on(node: &mut Node<'_>) -> Result<()> {
    let before = node.kept::<Value>("talker")?;
    let talker = &containers(node)?["talker/main"];
    let is_same = talker["state"] == "ready" && talker["pid"] == *before && talker["restarts"] == 0;
    ensure!(is_same, "{talker}, before process {before}");
    for service in ["containerd", "containers", "agent"] {
        let found = node.until(LONG, |node| node.service(service))?;
        ensure!(found["state"] == "ready", "{found}");
    }
    Ok(())
}

fn are_well_again(node: &mut Node<'_>) -> Result<()> {
    exec(node, "filler", "rm /data/file /data/rest")?;
    node.until(LONG, |node| {
        let (found, verdict) = check(node)?;
        ensure!(verdict == "healthy", "{verdict}: {found}");
        Ok(())
    })?;
    let before = counted(node)?;
    applies(node, &[super::EYE, TABLES, MORE].concat())?;
    all_are_ready(node, 5)?;
    node.until(LONG, |node| {
        let now = counted(node)?;
        ensure!(now > before, "nothing is kept of what it prints: {now}, before {before}");
        Ok(())
    })
}
