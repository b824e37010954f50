//! What services of a recipe may do on a node, by what programs in it see of themselves.

use anyhow::{Context, Result, ensure};
use corten_vm::Until;
use libtest_mimic::Trial;

use crate::scenario::{Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

const RECIPE: &str = include_str!("services.toml");

/// A service that does not stop by itself, and may take longer than the watchdog waits.
const STUBBORN: &str = r#"
name = "stubborn"
version = "1.0"
extends = "container-host"

[packages.dash]
programs = ["dash"]

[packages.coreutils]
programs = ["sleep"]

[services.stubborn]
exec = ["/usr/bin/dash", "-c", "trap '' TERM; while :; do sleep 1; done"]
stop-seconds = 75
"#;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "services",
        when: When::Always,
        run: |workshop| {
            let recipe = workshop.path("services.toml");
            std::fs::write(&recipe, RECIPE)?;
            let image = workshop.image(recipe.to_str().context("the folder of the tests is no text")?)?;
            workshop.boot("services", &image.uefi(), Until::Ready)
        },
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("run_as_their_user_with_what_is_named", run_as_their_user_with_what_is_named),
            ("have_the_limits_of_their_group", have_the_limits_of_their_group),
            ("have_their_own_share_once_the_node_is_ready", have_their_own_share_once_the_node_is_ready),
            ("write_into_their_own_directories_alone", write_into_their_own_directories_alone),
            ("start_again_after_a_failure", start_again_after_a_failure),
            ("leave_behind_what_kill_says", leave_behind_what_kill_says),
            ("find_the_kernel_set_as_the_recipe_says", find_the_kernel_set_as_the_recipe_says),
            ("find_file_systems_with_strict_flags", find_file_systems_with_strict_flags),
            ("find_a_kernel_that_ends_hangs_and_is_locked_down", find_a_locked_kernel),
            ("leave_no_orphans", |_, seen| said(seen, "orphans", "none is left")),
            ("have_random_numbers_of_the_hypervisor", have_random_numbers_of_the_hypervisor),
            ("stop_group_by_group", stop_group_by_group),
            ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
        ],
    }
    .add(place, trials);
    slow_stop(place, trials);
}

fn slow_stop(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "slow_stop",
        when: When::Long,
        run: |workshop| {
            let recipe = workshop.path("stubborn.toml");
            std::fs::write(&recipe, STUBBORN)?;
            let image = workshop.image(recipe.to_str().context("the folder of the tests is no text")?)?;
            workshop.boot("slow_stop", &image.uefi(), Until::Ready)
        },
        cases: &[
            ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
            ("the_watchdog_is_fed_until_the_end", the_watchdog_is_fed_until_the_end),
        ],
    }
    .add(place, trials);
}

fn the_watchdog_is_fed_until_the_end(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = *seen.outcome.timeline.seconds().get("total").context("not ready")?;
    let stop = seen.outcome.length.as_secs_f64() - ready;
    ensure!(stop > 75.0, "it stopped after {stop:.1} s");
    ensure!(seen.outcome.watchdog == 0, "the watchdog ran out");
    Ok(())
}

fn said(seen: &Booted, service: &str, expected: &str) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    let said = ready.services.get(service).with_context(|| format!("nothing of {service}"))?;
    ensure!(said == expected, "{service} says {said:?}, expected {expected:?}");
    Ok(())
}

fn run_as_their_user_with_what_is_named(_: &Workshop, seen: &Booted) -> Result<()> {
    let one = "0000000000000400";
    said(
        seen,
        "status",
        &format!(
            "Uid:950 950 950 950 Groups:951 CapEff:{one} CapBnd:{one} CapAmb:{one} \
             NoNewPrivs:1 0027 100 200"
        ),
    )
}

fn have_the_limits_of_their_group(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "group", "67108864 9 30 7")
}

/// The kernel shows a group that is idle with the least weight there is.
fn have_their_own_share_once_the_node_is_ready(_: &Workshop, seen: &Booted) -> Result<()> {
    let console = seen.console()?;
    for line in ["probe: share first 1 1", "probe: share last 0 50"] {
        ensure!(console.contains(line), "nobody says {line:?}");
    }
    Ok(())
}

fn write_into_their_own_directories_alone(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "directories", "its own and no others")
}

fn start_again_after_a_failure(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "again", "runs")
}

/// A service that ends leaves its children running with `process`, as containerd does its shims, and none with
/// `group`.
fn leave_behind_what_kill_says(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "left", "leaves-process 1 leaves-group 0")
}

/// What a group came after runs until the last of the group has ended.
fn stop_group_by_group(_: &Workshop, seen: &Booted) -> Result<()> {
    let console = seen.console()?;
    let at = |text: &str| console.find(text).with_context(|| format!("nobody says {text:?}"));
    ensure!(at("probe: drained")? < at("probe: below stops")?, "the service below stopped too early");
    Ok(())
}

fn have_random_numbers_of_the_hypervisor(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "generator", "virtio_rng.0")
}

fn find_file_systems_with_strict_flags(_: &Workshop, seen: &Booted) -> Result<()> {
    said(
        seen,
        "mounts",
        "/=erofs,ro,nosuid,nodev /dev=devtmpfs,nosuid,noexec /proc=proc,nosuid,nodev,noexec \
         /sys=sysfs,nosuid,nodev,noexec /run=tmpfs,nosuid,nodev,noexec /tmp=tmpfs,nosuid,nodev,noexec \
         /var=ext4,nosuid,nodev /dev/shm=tmpfs,nosuid,nodev,noexec /sys/fs/cgroup=cgroup2,nosuid,nodev,noexec",
    )
}

/// As the kernel itself says it, so a word that it does not know would show here. 0x9 is a loopback that is up.
fn find_a_locked_kernel(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "kernel", "10 1 1 1 300 30 corten none [integrity] confidentiality Y 0x9")
}

/// One that exists from the start, and one of a module that is loaded later.
fn find_the_kernel_set_as_the_recipe_says(_: &Workshop, seen: &Booted) -> Result<()> {
    said(seen, "settings", "3 0")
}
