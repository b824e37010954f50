//! Checks of containers, and who waits for them.

use anyhow::{Result, ensure};

use super::super::{becomes, container, exec};
use crate::live::{Node, PATIENCE};

/// It runs, and neither counts as ready nor lets others start until its first check has passed.
pub(super) fn wait_for_a_start(node: &mut Node<'_>) -> Result<()> {
    let slow = becomes(node, "slow/main", "running")?;
    let later = container(node, "later/main")?;
    ensure!(later["state"] == "waiting" && later["pid"].is_null(), "{later}, after {slow}");
    // The other checks begin with this one's passing: nobody listens yet, which is no reason to end it.
    exec(node, "slow", "touch /up; (nc -ll -p 4000 -e true > /dev/null 2>&1 &)")?;
    becomes(node, "slow/main", "ready")?;
    Ok(())
}

pub(super) fn wait_for_others(node: &mut Node<'_>) -> Result<()> {
    becomes(node, "later/main", "ready")?;
    // Whoever listens is gone, and it is not ready any more.
    exec(node, "slow", "killall nc")?;
    let slow = becomes(node, "slow/main", "unready")?;
    ensure!(slow["restarts"].as_u64().unwrap_or(0) == 0, "{slow}");
    Ok(())
}

pub(super) fn restart_what_is_unwell(node: &mut Node<'_>) -> Result<()> {
    let before = container(node, "slow/main")?;
    exec(node, "slow", "touch /sick")?;
    node.until(PATIENCE, |node| {
        let slow = container(node, "slow/main")?;
        let is_another = slow["pid"].is_u64() && slow["pid"] != before["pid"];
        ensure!(is_another && slow["restarts"].as_u64() > Some(0), "{slow}");
        Ok(())
    })
}

/// Whoever is connected to and says nothing of gRPC is not ready, and is again when it does.
pub(super) fn ask_by_grpc(node: &mut Node<'_>) -> Result<()> {
    becomes(node, "window/main", "ready")?;
    exec(node, "window", "touch /deaf; killall socat")?;
    let deaf = becomes(node, "window/main", "unready")?;
    ensure!(deaf["restarts"] == 0, "{deaf}");
    exec(node, "window", "rm /deaf; killall socat")?;
    becomes(node, "window/main", "ready")?;
    Ok(())
}
