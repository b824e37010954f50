//! Workloads of a configuration: from an image in the node's own root, with no network to fetch anything from, and from
//! archives that are imported. One boot, and a restart at its end.

mod archives;
mod hands;
mod lasting;
mod shipping;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::{becomes, container, exec, prints};
use crate::live::{Node, PATIENCE, Setting, Story, find};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

/// What the node runs at first.
const TABLES: &str = include_str!("node.toml");

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
            ("answer_to_exec_with_its_exit_code", hands::answer_to_exec),
            ("read_what_is_piped_in", hands::read_what_is_piped_in),
            ("have_a_terminal", hands::have_a_terminal),
            ("take_and_give_files", hands::take_and_give_files),
            ("are_listened_to", hands::are_listened_to),
            ("are_watched", hands::are_watched),
            ("are_looked_into_with_another_image", hands::are_looked_into),
            ("are_left_alone_again", hands::are_left_alone_again),
            ("share_what_they_may_write_to", share_a_folder),
            ("hide_their_secrets", hide_their_secrets),
            ("stop_and_start_by_hand", stop_and_start),
            ("survive_their_daemon", lasting::survive_their_daemon),
            ("survive_containerd", lasting::survive_containerd),
            ("have_ended_once", lasting::have_ended_once),
            ("stay_stopped", lasting::stay_stopped),
            ("keep_their_process_on_the_nodes_network", lasting::keep_their_process_on_the_nodes_network),
            ("change_where_the_configuration_does", change_where_the_configuration_does),
            ("have_their_output_sent", shipping::have_their_output_sent),
            ("come_from_archives", archives::come_from_archives),
            ("run_from_the_store", archives::run_from_the_store),
            ("go_with_the_configuration", archives::go_with_the_configuration),
            ("come_back_with_the_node", lasting::come_back_with_the_node),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    super::setting(workshop, name, TABLES)
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

fn hide_their_secrets(node: &mut Node<'_>) -> Result<()> {
    let shown = node.prints(&["-o", "json", "workload", "inspect", "speaker"])?;
    ensure!(shown.contains("GREETING") && !shown.contains("open-sesame"), "{shown}");
    let file = exec(node, "server/httpd", "cat /run/word; stat -c %a /run/word")?;
    ensure!(file.contains("open-sesame") && file.contains("400"), "{file}");
    Ok(())
}

/// A folder of the node: one may write to it, the other one may not.
fn share_a_folder(node: &mut Node<'_>) -> Result<()> {
    exec(node, "guest", "echo shared > /probe/from-guest")?;
    let seen = exec(node, "eye", "cat /probe/from-guest; (echo x > /probe/from-eye) 2>&1 || true")?;
    ensure!(seen.starts_with("shared\n") && seen.contains("Read-only file system"), "{seen}");
    exec(node, "guest", "rm /probe/from-guest && test ! -e /probe/from-eye").map(drop)
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
