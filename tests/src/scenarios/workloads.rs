//! Workloads of a configuration: from an image in the node's own root, with no network to fetch anything from, and from
//! an archive that is imported.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_vm::{Machine, OnReset};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::built::succeeded;
use crate::live::{Node, PATIENCE, Setting, Story, find};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

const RECIPE: &str = include_str!("workloads.toml");
const BUSYBOX: &str = include_str!("../../../recipes/containers/busybox.toml");

/// What the node runs at first.
const TABLES: &str = r#"
[identity]
hostname = "harbour"

[containers]
allow-exec = true
allow-debug = true

[secrets]
word = "open-sesame"

[workloads.speaker.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c"]
arguments = ["echo says $GREETING; echo whispers $WORD >&2; trap 'echo ends; exit 0' TERM; while :; do sleep 1; done"]
environment = { GREETING = "hello", WORD = { secret = "word" } }
read-only = true

[workloads.server]
ports = ["8080:80"]
essential = true

[workloads.server.containers.httpd]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "mkdir -p /data/www && echo a page > /data/www/index.html && exec httpd -f -p 80 -h /data/www"]
readiness = { http = ":80/index.html", interval = "1s" }
capabilities = ["CAP_NET_BIND_SERVICE"]

[workloads.server.containers.httpd.mounts]
"/data" = { volume = "pages" }
"/tmp" = { tmpfs = true, size = "1 MiB" }
"/run/word" = { secret = "word" }

[workloads.guest]
after = ["server"]

[workloads.guest.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "wget -q -O - http://server/index.html; sleep 1000000"]

[workloads.fails.containers.main]
image = "busybox:1"
command = ["/usr/bin/sh", "-c", "exit 3"]

[workloads.once.containers.main]
image = "busybox:1"
command = ["/usr/bin/true"]
restart = "never"
"#;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workloads",
        when: When::Always,
        setting,
        steps: &[
            ("become_ready_with_the_node", become_ready),
            ("run_from_an_image_in_the_root", run_from_the_root),
            ("have_their_output_kept", have_their_output_kept),
            ("have_no_rights_that_nobody_gave_them", have_no_rights),
            ("find_one_another_by_name", find_one_another),
            ("are_reached_at_published_ports", are_reached),
            ("end_as_their_policy_says", end_as_their_policy_says),
            ("answer_to_exec_with_its_exit_code", answer_to_exec),
            ("hide_their_secrets", hide_their_secrets),
            ("stop_and_start_by_hand", stop_and_start),
            ("survive_their_daemon", survive_their_daemon),
            ("survive_containerd", survive_containerd),
            ("change_where_the_configuration_does", change_where_the_configuration_does),
            ("come_from_an_archive", come_from_an_archive),
            ("go_with_the_configuration", go_with_the_configuration),
        ],
    }
    .add(place, trials);
}

/// Packs the image, beside the recipes that name it, and returns its archive.
pub(super) fn busybox(workshop: &Workshop) -> Result<PathBuf> {
    // Its lock goes beside it, so not where the sources are.
    let recipe = workshop.path("busybox.toml");
    std::fs::write(&recipe, BUSYBOX)?;
    let archive = workshop.path("busybox.tar");
    succeeded(workshop.corten().args(["oci", "pack"]).arg(recipe).arg("-o").arg(&archive))?;
    Ok(archive)
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    busybox(workshop)?;
    let recipe = workshop.path("workloads.toml");
    std::fs::write(&recipe, RECIPE)?;
    let image = workshop.image(recipe.to_str().context("the folder of the tests is no text")?)?;
    let owner = super::managed::owner(workshop, name)?;
    let document = owner.document("10-test.toml", TABLES)?;
    let machine = image.direct(image.command_line.clone(), image.disk.clone());
    let machine = Machine { configuration: vec![document], on_reset: OnReset::Restart, ..machine };
    Ok(Setting { machine, owner })
}

/// A container, as `corten node containers` shows it.
pub(super) fn container(node: &mut Node<'_>, name: &str) -> Result<Value> {
    let containers = node.ask(&["containers"])?;
    find(&containers, "name", name).cloned()
}

/// Waits until a container is in a state.
fn becomes(node: &mut Node<'_>, name: &str, state: &str) -> Result<Value> {
    node.until(PATIENCE, |node| {
        let container = container(node, name)?;
        ensure!(container["state"] == state, "{container}");
        Ok(container)
    })
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    for name in ["speaker/main", "server/httpd", "guest/main"] {
        becomes(node, name, "ready")?;
    }
    Ok(())
}

fn run_from_the_root(node: &mut Node<'_>) -> Result<()> {
    let speaker = container(node, "speaker/main")?;
    ensure!(speaker["image_from"] == "recipe" && speaker["pid"].as_u64() > Some(1), "{speaker}");
    let images = node.ask(&["images"])?;
    ensure!(find(&images, "name", "busybox:1")?["from"] == "recipe", "{images}");
    Ok(())
}

fn have_their_output_kept(node: &mut Node<'_>) -> Result<()> {
    let lines = node.prints(&["logs", "speaker"])?;
    ensure!(lines.contains("says hello") && lines.contains("whispers open-sesame"), "{lines}");
    Ok(())
}

/// What a program prints in a container, and that it ends with 0.
fn exec(node: &mut Node<'_>, container: &str, script: &str) -> Result<String> {
    node.prints(&["exec", container, "--", "/usr/bin/sh", "-c", script])
}

fn have_no_rights(node: &mut Node<'_>) -> Result<()> {
    let status = exec(node, "speaker", "cat /proc/1/status")?;
    for expected in
        ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]
    {
        ensure!(status.contains(expected), "no {expected:?} in {status}");
    }
    let other = exec(node, "server/httpd", "cat /proc/1/status")?;
    ensure!(other.contains("CapEff:\t0000000000000400"), "{other}");
    let root = exec(
        node,
        "speaker",
        "touch /file 2>&1 || true; ls /proc/kcore -l; echo x > /proc/sys/kernel/hostname || true",
    )?;
    ensure!(root.contains("Read-only file system"), "{root}");
    let hostname = exec(node, "speaker", "hostname; ls /proc | grep -c '^[0-9]'")?;
    let mut lines = hostname.lines();
    ensure!(lines.next() == Some("speaker"), "{hostname}");
    let processes: u32 = lines.next().unwrap_or_default().trim().parse()?;
    ensure!(processes < 10, "it sees {processes} processes");
    Ok(())
}

fn find_one_another(node: &mut Node<'_>) -> Result<()> {
    node.until(PATIENCE, |node| {
        let page = node.prints(&["logs", "guest"])?;
        ensure!(page.contains("a page"), "{page}");
        Ok(())
    })
}

fn are_reached(node: &mut Node<'_>) -> Result<()> {
    // From a container of another one, by the address of the node on its network.
    let page = exec(
        node,
        "guest",
        "wget -q -O - http://$(ip route | awk '/default/ { print $3 }'):8080/index.html",
    )?;
    ensure!(page.contains("a page"), "{page}");
    let workloads = node.ask(&["workloads"])?;
    let server = find(&workloads["workloads"], "name", "server")?;
    ensure!(server["ports"] == serde_json::json!(["*:8080->80/tcp"]), "{server}");
    Ok(())
}

fn end_as_their_policy_says(node: &mut Node<'_>) -> Result<()> {
    let fails = becomes(node, "fails/main", "back-off")?;
    ensure!(fails["exit_code"] == 3 && fails["restarts"].as_u64() > Some(0), "{fails}");
    let once = becomes(node, "once/main", "done")?;
    ensure!(once["exit_code"] == 0 && once["restarts"] == 0, "{once}");
    Ok(())
}

fn answer_to_exec(node: &mut Node<'_>) -> Result<()> {
    let ran = node.run(&["exec", "speaker", "--", "/usr/bin/sh", "-c", "echo out; echo err >&2; exit 7"])?;
    ran.exits_with(7)?;
    ensure!(ran.printed() == "out\n" && ran.said().contains("err"), "{ran}");
    let unknown = node.run(&["exec", "nobody", "--", "/usr/bin/true"])?;
    ensure!(unknown.exits_with(0).is_err() && unknown.said().contains("nobody"), "{unknown}");
    Ok(())
}

fn hide_their_secrets(node: &mut Node<'_>) -> Result<()> {
    let shown = node.prints(&["-o", "json", "workload", "inspect", "speaker"])?;
    ensure!(shown.contains("GREETING") && !shown.contains("open-sesame"), "{shown}");
    let file = exec(node, "server/httpd", "cat /run/word; stat -c %a /run/word")?;
    ensure!(file.contains("open-sesame") && file.contains("400"), "{file}");
    Ok(())
}

fn stop_and_start(node: &mut Node<'_>) -> Result<()> {
    node.run(&["workload", "stop", "speaker"])?.exits_with(0)?;
    becomes(node, "speaker/main", "stopped")?;
    let lines = node.prints(&["logs", "speaker", "--tail", "1"])?;
    ensure!(lines.contains("ends"), "its signal did not reach it: {lines}");
    node.run(&["workload", "start", "speaker"])?.exits_with(0)?;
    becomes(node, "speaker/main", "ready")?;
    Ok(())
}

fn survive_their_daemon(node: &mut Node<'_>) -> Result<()> {
    survive(node, "containers")
}

fn survive_containerd(node: &mut Node<'_>) -> Result<()> {
    survive(node, "containerd")
}

/// The service is started again, and the containers have the processes that they had.
fn survive(node: &mut Node<'_>, service: &str) -> Result<()> {
    let before = [container(node, "speaker/main")?, container(node, "server/httpd")?];
    let pid = node.service(service)?["pid"].clone();
    node.run(&["restart", service])?.exits_with(0)?;
    node.until(PATIENCE, |node| {
        let now = node.service(service)?;
        ensure!(now["state"] == "ready" && now["pid"] != pid, "{now}");
        Ok(())
    })?;
    for container in before {
        let name = container["name"].as_str().context("no name")?;
        let now = becomes(node, name, "ready")?;
        ensure!(now["pid"] == container["pid"], "{now}, before {container}");
    }
    Ok(())
}

fn change_where_the_configuration_does(node: &mut Node<'_>) -> Result<()> {
    let server = container(node, "server/httpd")?;
    let changed = "[workloads.speaker.containers.main.environment]\nGREETING = \"good day\"\n";
    let text = node.owner.configuration(changed)?;
    node.applies("changed.toml", &text, &[])?.exits_with(0)?;
    node.until(PATIENCE, |node| {
        let lines = node.prints(&["logs", "speaker", "--tail", "3"])?;
        ensure!(lines.contains("says good day"), "{lines}");
        Ok(())
    })?;
    let now = becomes(node, "server/httpd", "ready")?;
    ensure!(now["pid"] == server["pid"], "{now}, before {server}");
    Ok(())
}

fn come_from_an_archive(node: &mut Node<'_>) -> Result<()> {
    let archive = node.workshop.path("busybox.tar");
    let archive = archive.to_str().context("the folder of the tests is no text")?.to_owned();
    node.run(&["image", "import", &archive, "--name", "imported:1"])?.exits_with(0)?;
    let images = node.ask(&["images"])?;
    ensure!(find(&images, "name", "imported:1")?["from"] == "store", "{images}");
    let more = "[workloads.late.containers.main]\nimage = \"imported:1\"\n\
                command = [\"/usr/bin/sh\", \"-c\", \"echo from the store; touch /file; sleep 1000000\"]\n";
    let text = node.owner.configuration(more)?;
    node.applies("late.toml", &text, &[])?.exits_with(0)?;
    let late = becomes(node, "late/main", "ready")?;
    ensure!(late["image_from"] == "store", "{late}");
    node.until(Duration::from_secs(10), |node| {
        let lines = node.prints(&["logs", "late"])?;
        ensure!(lines.contains("from the store"), "{lines}");
        Ok(())
    })
}

fn go_with_the_configuration(node: &mut Node<'_>) -> Result<()> {
    let text = node.owner.configuration("")?;
    node.applies("none.toml", &text, &[])?.exits_with(0)?;
    node.until(PATIENCE, |node| {
        let containers = node.ask(&["containers"])?;
        ensure!(find(&containers, "name", "late/main").is_err(), "{containers}");
        Ok(())
    })
}
