//! Each key of the tables about workloads, with what would be otherwise without it, and what a container can not do: one
//! boot of a node that runs all of them at once.

pub mod access;
mod checks;
mod isolation;
mod limits;
mod mounts;
mod networks;
mod process;
mod system;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use corten_vm::Forward;
use libtest_mimic::Trial;

use super::{becomes, busybox, of_recipe, pack};
use crate::built::succeeded;
use crate::live::{Node, Setting, Story, free_port};
use crate::scenario::{Place, When};
use crate::workshop::Workshop;

const RECIPE: &str = include_str!("os.toml");
const TOOLS: &str = include_str!("tools.toml");
const TABLES: &str = include_str!("node.toml");

/// The ports of the node that lead to its local API, for readers and for operators.
const WINDOW: u16 = 9000;
const HATCH: u16 = 9001;

/// Bytes of a file in an image that no workload has at first: more than the state may grow by when one does.
const MUCH: usize = 8 << 20;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "workload_keys",
        when: When::Always,
        setting,
        steps: &[
            ("are_taken_by_a_node", become_ready),
            ("say_what_is_run_and_where", process::say_what_is_run),
            ("say_who_runs_it", process::say_who_runs_it),
            ("refuse_debug_unless_it_is_allowed", access::refuse_debug),
            ("give_rights", process::give_rights),
            ("give_all_rights", process::give_all_rights),
            ("mount_what_is_named", mounts::mount_what_is_named),
            ("mount_nothing_from_outside_the_allowed_folders", mounts::refuse_what_is_outside),
            ("give_namespaces", isolation::give_namespaces),
            ("hide_what_is_of_the_node", isolation::hide_what_is_of_the_node),
            ("leave_devices_out", isolation::leave_devices_out),
            ("mount_without_rights", isolation::mount_without_rights),
            ("refuse_system_calls", isolation::refuse_system_calls),
            ("filter_system_calls", isolation::filter_system_calls),
            ("limit_what_is_used", limits::limit_what_is_used),
            ("end_what_needs_too_much_memory", limits::end_what_needs_too_much),
            ("restart_what_failed_alone", limits::restart_what_failed),
            ("wait_for_a_start", checks::wait_for_a_start),
            ("wait_for_others", checks::wait_for_others),
            ("restart_what_is_unwell", checks::restart_what_is_unwell),
            ("publish_ports", networks::publish_ports),
            ("give_names", networks::give_names),
            ("connect_by_ipv6", networks::connect_by_ipv6),
            ("keep_networks_apart", networks::keep_networks_apart),
            ("choose_runtimes", system::choose_runtimes),
            ("ask_by_grpc", checks::ask_by_grpc),
            ("open_the_local_api_for_a_role", system::open_the_local_api),
            ("open_the_local_api_for_operators", system::open_it_for_operators),
            ("open_containerd", system::open_containerd),
            ("put_nothing_on_the_state", system::put_nothing_on_the_state),
            ("tell_them_to_end", process::tell_them_to_end),
            ("make_the_node_unhealthy", system::make_the_node_unhealthy),
            ("run_jobs_by_the_clock", system::run_jobs),
            ("say_how_a_container_ends", process::say_how_it_ends),
            ("give_the_time_that_is_named", process::give_the_time_that_is_named),
            ("hold_a_fork_bomb", limits::hold_a_fork_bomb),
            ("allow_debug_where_it_is_named", access::allow_debug),
            ("refuse_exec_where_it_is_taken_away", access::take_exec_away),
        ],
    }
    .add(place, trials);
}

fn setting(workshop: &Workshop, name: &str) -> Result<Setting> {
    spare(workshop, &busybox(workshop)?)?;
    pack(workshop, "tools", TOOLS)?;
    let mut setting = of_recipe(workshop, name, ("keys.toml", RECIPE), TABLES)?;
    for guest in [WINDOW, HATCH] {
        let host = free_port()?;
        setting.machine.forwards.push(Forward { host, guest });
        setting.owner.put(&format!("port-{guest}"), &host.to_string())?;
    }
    Ok(setting)
}

/// An image with a large file.
fn spare(workshop: &Workshop, busybox: &Path) -> Result<()> {
    let (file, archive) = (workshop.path("much"), workshop.path("spare.tar"));
    std::fs::write(&file, vec![b'x'; MUCH])?;
    let mut pack = workshop.corten();
    pack.args(["oci", "pack", "--tag", "spare:1", "--base"]).arg(busybox).arg("-o").arg(archive);
    pack.arg("--add").arg(format!("{}:/usr/share/much", file.display()));
    succeeded(&mut pack).map(drop)
}

/// The port of this machine that leads to one of the node.
fn port(node: &Node<'_>, guest: u16) -> Result<u16> {
    let text = std::fs::read_to_string(node.owner.path(&format!("port-{guest}")))?;
    text.parse().with_context(|| text.clone())
}

fn become_ready(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    node.answers()?;
    for name in ["plain/main", "dressed/main", "mighty/main", "keeper/main", "bounded/main", "posts/page"] {
        becomes(node, name, "ready")?;
    }
    Ok(())
}

/// Lines of a script's output have to be these.
fn are(printed: &str, expected: &[&str]) -> Result<()> {
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    ensure!(lines == expected, "{lines:?}, expected {expected:?}");
    Ok(())
}
