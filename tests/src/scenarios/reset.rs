//! What a node keeps, and what a reset makes anew; and a machine whose configuration breaks, with a good one kept.

use anyhow::{Result, ensure};
use corten_vm::{Disk, DiskFormat, Machine, Writes, sparse_copy};
use libtest_mimic::Trial;

use super::managed;
use crate::live::{Node, Setting, Story};
use crate::scenario::{Place, When};

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "reset",
        when: When::Always,
        setting: |workshop, name| managed::setting(workshop, name, "[identity]\nhostname = \"platform\"\n"),
        steps: &[
            ("becomes_ready", |node| {
                node.becomes_ready()?;
                node.answers()
            }),
            ("is_not_done_without_a_word", is_not_done_without_a_word),
            ("makes_the_state_anew", makes_the_state_anew),
            ("clears_the_other_slot_and_keeps_the_state", clears_the_other_slot),
        ],
    }
    .add(place, trials);
    broken(place, trials);
}

fn broken(place: &Place, trials: &mut Vec<Trial>) {
    let good = Story {
        name: "good_configuration",
        when: When::Always,
        setting: |workshop, name| {
            let setting = managed::setting(workshop, name, "[identity]\nhostname = \"good\"\n")?;
            let disk = workshop.path("last_good.raw");
            sparse_copy(&managed::image(workshop)?.disk, &disk)?;
            std::fs::File::options().write(true).open(&disk)?.set_len(super::state::SIZE)?;
            Ok(Setting { machine: on(setting.machine, disk), ..setting })
        },
        steps: &[("is_in_force", |node| {
            node.becomes_ready()?;
            node.answers()?;
            ensure!(node.ask(&["info"])?["hostname"] == "good", "it is not in force");
            Ok(())
        })],
    }
    .add(place, trials);
    // The same disk and the same keys.
    Story {
        name: "broken_configuration",
        when: When::Always,
        setting: |workshop, _| {
            let owner = managed::same_owner(workshop, "good_configuration")?;
            let document =
                owner.text("10-test.toml", "version = 1\n\n[identity]\nhostname = \"Not A Name\"\n")?;
            let machine = managed::machine(workshop, vec![document])?;
            Ok(Setting { machine: on(machine, workshop.path("last_good.raw")), owner })
        },
        steps: &[
            ("does_not_stop_the_start", |node| {
                node.becomes_ready()?;
                node.answers()
            }),
            ("leaves_the_last_good_one_in_force", leaves_the_last_good_one_in_force),
            ("is_told_on_the_console", |node| {
                node.console_shows("`identity.hostname` is \"Not A Name\"")?;
                Ok(())
            }),
        ],
    }
    .add_after(good, place, trials);
}

fn on(machine: Machine, path: std::path::PathBuf) -> Machine {
    Machine { disks: vec![Disk { path, format: DiskFormat::Raw, writes: Writes::Kept }], ..machine }
}

fn machine_id(node: &mut Node<'_>) -> Result<String> {
    Ok(node.ask(&["info"])?["machine_id"].as_str().unwrap_or_default().to_owned())
}

fn is_not_done_without_a_word(node: &mut Node<'_>) -> Result<()> {
    let text = node.owner.configuration("[identity]\nhostname = \"operators\"\n")?;
    node.applies("operator.toml", &text, &[])?.exits_with(0)?;
    let ran = node.run(&["reset", "--partition", "state"])?;
    ran.exits_with(2)?;
    ensure!(node.ask(&["info"])?["mode"] == "configured", "{ran}");
    Ok(())
}

/// The machine is another one afterwards, which has what the platform gives it and nothing else.
fn makes_the_state_anew(node: &mut Node<'_>) -> Result<()> {
    let before = machine_id(node)?;
    node.run(&["reset", "--partition", "state", "--yes"])?.exits_with(0)?;
    node.becomes_ready()?;
    node.answers()?;
    ensure!(machine_id(node)? != before, "it is the same machine");
    let info = node.ask(&["info"])?;
    ensure!(info["hostname"] == "platform", "{info}");
    let configuration = node.ask(&["config", "get"])?;
    ensure!(configuration["operator"].is_null() && configuration["generation"].is_null(), "{configuration}");
    ensure!(node.ask(&["audit"])?.as_array().is_some_and(Vec::is_empty), "the audit log is not new");
    Ok(())
}

fn clears_the_other_slot(node: &mut Node<'_>) -> Result<()> {
    let before = machine_id(node)?;
    node.run(&["reset", "--partition", "other-slot", "--yes"])?.exits_with(0)?;
    node.becomes_ready()?;
    node.answers()?;
    ensure!(machine_id(node)? == before, "it is another machine");
    Ok(())
}

fn leaves_the_last_good_one_in_force(node: &mut Node<'_>) -> Result<()> {
    let info = node.ask(&["info"])?;
    ensure!(info["hostname"] == "good" && info["mode"] == "configured", "{info}");
    ensure!(info["reason"].as_str().is_some_and(|why| why.contains("Not A Name")), "{info}");
    let configuration = node.ask(&["config", "get"])?;
    let problem = &configuration["problems"][0];
    ensure!(problem["line"] == 4 && problem["key"] == "identity.hostname", "{configuration}");
    Ok(())
}
