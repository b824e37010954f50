//! What an owner has to allow before anybody touches what is in a container, an administrator too.

use anyhow::{Result, ensure};

use super::super::becomes;
use super::system::ctr;
use crate::live::{Node, PATIENCE};
use crate::ran::Ran;

/// The exit code of a node that refused.
const REFUSED: i32 = 12;

/// A program of another image.
const DEBUG: [&str; 8] =
    ["debug", "keeper", "--image", "tools:1", "--", "/usr/bin/sh", "-c", "echo in; exit 9"];

/// A call is refused by a key of `[containers]`, with that as its remedy.
fn is_refused(ran: &Ran, what: &str, key: &str) -> Result<()> {
    ran.exits_with(REFUSED)?;
    let said = ran.said();
    for expected in [format!("the configuration does not allow {what}"), format!("containers.{key} = true")] {
        ensure!(said.contains(&expected), "no {expected:?}: {ran}");
    }
    ensure!(ran.printed().is_empty(), "{ran}");
    Ok(())
}

/// Neither a program nor a file gets in or out.
pub fn refuse_exec(node: &mut Node<'_>, container: &str) -> Result<()> {
    let exec = node.run(&["exec", container, "--", "/usr/bin/sh", "-c", "echo in"])?;
    is_refused(&exec, "exec", "allow-exec")?;
    let file = node.owner.put("copied.txt", "what is copied")?.display().to_string();
    let to = node.run(&["cp", &file, &format!("{container}:/")])?;
    is_refused(&to, "copying", "allow-exec")?;
    let taken = node.owner.path("taken.txt");
    let from = node.run(&["cp", &format!("{container}:/etc/hosts"), &taken.display().to_string()])?;
    is_refused(&from, "copying", "allow-exec")?;
    ensure!(!taken.exists(), "{from}");
    Ok(())
}

/// The configuration says nothing of it yet.
pub(super) fn refuse_debug(node: &mut Node<'_>) -> Result<()> {
    is_refused(&node.run(&DEBUG)?, "debug", "allow-debug")
}

/// From then on it is, and containerd has no record of what came and went, nor of a workload that is gone.
pub(super) fn allow_debug(node: &mut Node<'_>) -> Result<()> {
    let text = node.owner.configuration("[containers]\nallow-debug = true\n")?;
    node.applies("debug.toml", &text, &[])?.exits_with(0)?;
    node.until(PATIENCE, |node| {
        let ran = node.run(&DEBUG)?;
        ran.exits_with(9)?;
        ensure!(ran.printed() == "in\n", "{ran}");
        Ok(())
    })?;
    // In a workload that has containerd its tools work, in others there is nothing for them.
    let debug = ["debug", "master", "--image", "tools:1", "--"];
    let tasks =
        node.prints(&[&debug[..], &["/usr/bin/ctr", "--namespace", "corten", "tasks", "list"]].concat())?;
    ensure!(tasks.lines().any(|line| line.starts_with("keeper.main") && line.contains("RUNNING")), "{tasks}");
    let other = ["debug", "keeper", "--image", "tools:1", "--", "/usr/bin/sh", "-c"];
    let other = node.prints(&[&other[..], &["test -e /run/containerd || echo nothing"]].concat())?;
    ensure!(other == "nothing\n", "{other:?}");
    node.until(PATIENCE, |node| {
        let records = ctr(node, &["containers", "list", "--quiet"])?;
        ensure!(records.lines().any(|record| record == "keeper.main"), "{records}");
        for gone in ["corten-debug", "more."] {
            ensure!(!records.contains(gone), "{records}");
        }
        Ok(())
    })
}

/// One is taken away, and the other one stays.
pub(super) fn take_exec_away(node: &mut Node<'_>) -> Result<()> {
    let text = node.owner.configuration("[containers]\nallow-exec = false\nallow-debug = true\n")?;
    node.applies("exec.toml", &text, &[])?.exits_with(0)?;
    node.until(PATIENCE, |node| refuse_exec(node, "keeper"))?;
    node.run(&DEBUG)?.exits_with(9)?;
    becomes(node, "keeper/main", "ready")?;
    Ok(())
}
