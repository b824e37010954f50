//! Volumes, folders of the node, memory and secrets in a container.

use anyhow::{Result, ensure};

use super::super::{complains, exec};
use super::are;
use crate::live::{Node, find};

pub(super) fn mount_what_is_named(node: &mut Node<'_>) -> Result<()> {
    // All of it belongs to the user of the container, which is not root.
    let written = exec(
        node,
        "keeper",
        "echo kept > /kept/file && cat /seen/file && echo x > /memory/file && cat /secret",
    )?;
    ensure!(written == "kept\nopen-sesame", "{written:?}");
    for place in ["/seen/file", "/shared/variables", "/secret"] {
        let refused = exec(node, "keeper", &format!("echo x 2>&1 > {place} || true"))?;
        ensure!(
            refused.contains("Read-only file system") || refused.contains("ermission denied"),
            "{place}: {refused:?}"
        );
    }
    let shared = exec(node, "keeper", "cat /shared/variables; stat -c %a:%u /secret")?;
    are(&shared, &["COLOUR=green", "SIZE=small", "400:1234"])?;
    let full = exec(node, "keeper", "dd if=/dev/zero of=/memory/full bs=64k count=32 2>&1 || true")?;
    ensure!(full.contains("No space left"), "{full}");
    let volumes = node.ask(&["volumes"])?;
    let kept = find(&volumes, "name", "kept")?;
    ensure!(kept["used_by"] == serde_json::json!(["keeper/main"]), "{kept}");
    let mounts = exec(node, "keeper", "grep -E ' /(kept|seen|shared|memory|secret) ' /proc/mounts")?;
    ensure!(mounts.lines().count() == 5, "{mounts}");
    for line in mounts.lines() {
        ensure!(line.contains("nosuid") && line.contains("nodev"), "{line}");
        let options = line.split(' ').nth(3).unwrap_or_default();
        let is_read_only = options.split(',').any(|option| option == "ro");
        let is_meant = ["/seen ", "/shared ", "/secret "].iter().any(|place| line.contains(place));
        ensure!(is_read_only == is_meant, "{line}");
    }
    Ok(())
}

pub(super) fn refuse_what_is_outside(node: &mut Node<'_>) -> Result<()> {
    // Where a link leads shows at the start alone, and then it leads nowhere.
    complains(node, "escape/main", &["/usr/share/shared/out"])?;
    let more = "[workloads.outside.containers.main]\nimage = \"busybox:1\"\nmounts = { \"/x\" = { host = \"/usr/share/ca-certificates\" } }\n";
    let text = node.owner.configuration(more)?;
    let refused = node.applies("outside.toml", &text, &[])?;
    let said = refused.said();
    ensure!(refused.exits_with(0).is_err() && said.contains("containers.host-paths"), "{refused}");
    Ok(())
}
