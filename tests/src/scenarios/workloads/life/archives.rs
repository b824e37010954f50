//! Images of archives, what runs from them, and what is left when it goes.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::super::hard::{Traces, nothing_is_left};
use super::{becomes, prints};
use crate::built::succeeded;
use crate::live::{Node, PATIENCE, find};

/// Two containers, of different images.
const LATE: &str = r#"
[workloads.late]
ports = ["8090:80"]

[workloads.late.containers.main]
image = "imported:1"
command = ["/usr/bin/sh", "-c", "echo from the store; touch /file; exec sleep 1000000"]
stop-signal = "SIGKILL"

[workloads.late.containers.word]
image = "two:1"
command = ["/usr/bin/sh", "-c", "cat /etc/word; exec sleep 1000000"]
stop-signal = "SIGKILL"
"#;

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("the folder of the tests is no text")?.to_owned())
}

/// As `docker save` writes them, and in the form of a layout, of which this one holds two.
pub(super) fn come_from_archives(node: &mut Node<'_>) -> Result<()> {
    let workshop = node.workshop;
    let [busybox, docker, word, other, several] =
        ["busybox.tar", "docker.tar", "word.txt", "two.tar", "several.tar"].map(|name| workshop.path(name));
    let layout = workshop.path("several.layout");
    if layout.exists() {
        std::fs::remove_dir_all(&layout)?;
    }
    std::fs::write(&word, "of two images\n")?;
    let [busybox, docker, other, several, layout] =
        [text(&busybox)?, text(&docker)?, text(&other)?, text(&several)?, text(&layout)?];
    let add = format!("{}:/etc/word", text(&word)?);
    for arguments in [
        &["copy", &busybox, &format!("docker-archive:{docker}:named:1")][..],
        &["pack", "--base", &busybox, "--add", &add, "--tag", "two:1", "-o", &other],
        &["copy", &busybox, &format!("oci:{layout}"), "--tag", "one:1"],
        &["copy", &other, &format!("oci:{layout}")],
        &["copy", "--all", &format!("oci:{layout}"), &format!("oci-archive:{several}")],
    ] {
        succeeded(workshop.corten().arg("oci").args(arguments))?;
    }
    node.run(&["image", "import", &docker, "--name", "imported:1"])?.exits_with(0)?;
    node.run(&["image", "import", &several])?.exits_with(0)?;
    let images = node.ask(&["images"])?;
    for name in ["imported:1", "one:1", "two:1"] {
        ensure!(find(&images, "name", name)?["from"] == "store", "{name}: {images}");
    }
    ensure!(find(&images, "name", "named:1").is_err(), "{images}");
    let digest = |name: &str| Ok::<_, anyhow::Error>(find(&images, "name", name)?["digest"].clone());
    ensure!(digest("one:1")? != digest("two:1")?, "{images}");
    // One name too few.
    let refused = node.run(&["image", "import", &several, "--name", "three:1"])?;
    refused.exits_with(12)?;
    Ok(())
}

pub(super) fn run_from_the_store(node: &mut Node<'_>) -> Result<()> {
    // One that comes and goes by itself would be taken for a trace.
    node.run(&["workload", "stop", "fails"])?.exits_with(0)?;
    becomes(node, "fails/main", "stopped")?;
    // Where the layers of an image lie is remembered from its first start on.
    for image in ["imported:1", "two:1"] {
        node.run(&["debug", "eye", "--image", image, "--", "/usr/bin/true"])?.exits_with(0)?;
    }
    let before = settled(node)?;
    node.keep("before", before);
    let text = node.owner.configuration(LATE)?;
    node.applies("late.toml", &text, &[])?.exits_with(0)?;
    for (container, line) in [("late/main", "from the store"), ("late/word", "of two images")] {
        let late = becomes(node, container, "ready")?;
        ensure!(late["image_from"] == "store", "{late}");
        prints(node, container, line)?;
    }
    Ok(())
}

/// What there is once nothing of a program is left that was beside a container.
fn settled(node: &mut Node<'_>) -> Result<Traces> {
    node.until(PATIENCE, |node| {
        let found = Traces::look(node)?;
        ensure!(found.of("corten-debug").is_empty(), "{:?}", found.of("corten-debug"));
        Ok(found)
    })
}

/// Network, control groups, rules, mounts and files are as they were before it came; what it has printed is kept.
pub(super) fn go_with_the_configuration(node: &mut Node<'_>) -> Result<()> {
    let traces = Traces::look(node)?;
    for expected in ["/sys/fs/cgroup/workloads/late/word", "/run/containerd/", "/run/corten/containers/"] {
        let found = traces.of("late");
        ensure!(found.iter().any(|line| line.contains(expected)), "no {expected:?} in {found:?}");
    }
    ensure!(traces.of("8090").iter().any(|line| line.starts_with("rule ")), "its port has no rule");
    let text = node.owner.configuration("")?;
    node.applies("none.toml", &text, &[])?.exits_with(0)?;
    node.until(PATIENCE, |node| {
        let containers = node.ask(&["containers"])?;
        ensure!(find(&containers, "name", "late/main").is_err(), "{containers}");
        Ok(())
    })?;
    nothing_is_left(node, "before")?;
    prints(node, "late/main", "from the store")
}
