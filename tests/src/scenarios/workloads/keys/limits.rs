//! What containers may use, and what becomes of those that want more or end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::super::{becomes, container, exec};
use super::are;
use crate::live::{Node, PATIENCE, find};

/// How long a call may take while a container forks without end.
const PROMPT: Duration = Duration::from_secs(20);

/// What is said of a container that was ended for want of memory.
const MEMORY: &str = "more memory than it may have";

pub(super) fn limit_what_is_used(node: &mut Node<'_>) -> Result<()> {
    let files = "cd /sys/fs/cgroup; cat cpu.max cpu.weight memory.high memory.max memory.swap.max pids.max; cut -d ' ' -f 2- io.max";
    let bounded = exec(node, "bounded", files)?;
    let rates = "rbps=10485760 wbps=5242880 riops=max wiops=max";
    are(&bounded, &["50000 100000", "50", "25165824", "33554432", "0", "30", rates])?;
    let plain = exec(node, "plain", files)?;
    are(&plain, &["max 100000", "100", "max", "max", "max", "4096"])?;
    let shares = exec(node, "shares", "cat /sys/fs/cgroup/io.weight")?;
    are(&shares, &["default 50"])?;
    let stats: Value = serde_json::from_str(&node.prints(&["-o", "json", "stats", "--once"])?)?;
    let bounded = find(&stats["result"]["containers"], "name", "bounded/main")?;
    ensure!(bounded["memory_max_bytes"] == 33_554_432, "{bounded}");
    Ok(())
}

pub(super) fn end_what_needs_too_much(node: &mut Node<'_>) -> Result<()> {
    let glutton = becomes(node, "glutton/main", "failed")?;
    let detail = glutton["detail"].as_str().unwrap_or_default();
    ensure!(glutton["exit_code"] == 137 && detail.contains(MEMORY), "{glutton}");
    let inspected = node.ask(&["workload", "inspect", "glutton"])?;
    ensure!(inspected["status"]["containers"][0]["detail"] == glutton["detail"], "{inspected}");
    // It ends while the node starts, or soon after: whoever listens from then on is told of its next end.
    let mut events = node.follows(&["-o", "json", "events"])?;
    node.run(&["workload", "restart", "glutton"])?.exits_with(0)?;
    events.says(MEMORY, PATIENCE)?;
    Ok(())
}

pub(super) fn restart_what_failed(node: &mut Node<'_>) -> Result<()> {
    let well = becomes(node, "tries/well", "done")?;
    ensure!(well["exit_code"] == 0 && well["restarts"].as_u64().unwrap_or(0) == 0, "{well}");
    let badly = becomes(node, "tries/badly", "back-off")?;
    ensure!(badly["exit_code"] == 4 && badly["restarts"].as_u64() > Some(0), "{badly}");
    Ok(())
}

/// It can neither be more than it may nor take the processor from others.
pub(super) fn hold_a_fork_bomb(node: &mut Node<'_>) -> Result<()> {
    exec(node, "bounded", "bomb() { bomb | bomb & }; bomb; true")?;
    node.until(PROMPT, |node| {
        let bounded = container(node, "bounded/main")?;
        ensure!(bounded["processes"].as_u64() > Some(20), "{bounded}");
        Ok(())
    })?;
    let begun = Instant::now();
    let bounded = container(node, "bounded/main")?;
    ensure!(bounded["processes"].as_u64().context("none")? <= 30, "{bounded}");
    exec(node, "plain", "true")?;
    ensure!(begun.elapsed() < PROMPT, "the node took {:?} for two calls", begun.elapsed());
    node.run(&["workload", "stop", "bounded"])?.exits_with(0)?;
    let bounded = becomes(node, "bounded/main", "stopped")?;
    ensure!(bounded["processes"] == 0, "{bounded}");
    Ok(())
}
