//! What is not what it should be does not run.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_report::Event;
use corten_vm::{End, Machine, RunEvent, Until};
use libtest_mimic::Trial;

use super::{RECIPE, direct};
use crate::disk::{Place as Byte, with_flipped_byte};
use crate::scenario::{Case, Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

const CASES: &[Case<Booted>] = &[
    ("does_not_become_ready", does_not_become_ready),
    ("is_found_by_dm_verity", is_found_by_dm_verity),
    ("restarts_the_machine", restarts_the_machine),
];

/// A node that does not find its slot.
const NO_SLOT: &[Case<Booted>] = &[
    ("does_not_become_ready", does_not_become_ready),
    ("says_what_failed_why_and_what_to_do", says_what_failed_why_and_what_to_do),
    ("restarts_after_a_pause", restarts_after_a_pause),
];

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "wrong_root_hash",
        when: When::Always,
        run: |workshop| {
            let image = workshop.image(RECIPE)?;
            let machine = image.direct(image.wrong_command_line()?, image.disk.clone());
            boot(workshop, "wrong_root_hash", &machine)
        },
        cases: NO_SLOT,
    }
    .add(place, trials);
    // The partition table of an image counts in sectors of 512 bytes.
    Scenario {
        name: "disk_with_larger_sectors",
        when: When::Long,
        run: |workshop| {
            let image = workshop.image(RECIPE)?;
            let mut machine = image.direct(image.command_line.clone(), image.disk.clone());
            let size = |kind| ["-global".to_owned(), format!("virtio-blk-device.{kind}_block_size=4096")];
            machine.extra = [size("logical"), size("physical")].concat();
            boot(workshop, "disk_with_larger_sectors", &machine)
        },
        cases: NO_SLOT,
    }
    .add(place, trials);
    Scenario {
        name: "flipped_byte_in_the_root",
        when: When::Always,
        run: |workshop| flipped(workshop, "flipped_byte_in_the_root", Byte::RootSuperblock),
        cases: CASES,
    }
    .add(place, trials);
    Scenario {
        name: "flipped_byte_in_a_program",
        when: When::Always,
        run: |workshop| flipped(workshop, "flipped_byte_in_a_program", Byte::Containerd),
        cases: CASES,
    }
    .add(place, trials);
    // Nothing reads this one ahead, so it is found when the selftest starts a container.
    Scenario {
        name: "flipped_byte_in_the_runtime",
        when: When::Always,
        run: |workshop| flipped(workshop, "flipped_byte_in_the_runtime", Byte::Crun),
        cases: &[
            ("does_not_become_ready", does_not_become_ready),
            ("is_found_by_dm_verity", is_found_by_dm_verity),
            ("is_found_when_the_program_starts", is_found_when_the_program_starts),
            ("restarts_the_machine", restarts_the_machine),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "flipped_byte_in_the_hash_tree",
        when: When::Long,
        run: |workshop| flipped(workshop, "flipped_byte_in_the_hash_tree", Byte::TopHashBlock),
        // The slot's top block has to hash to the root hash, so there is no such slot.
        cases: NO_SLOT,
    }
    .add(place, trials);
}

/// Boots a machine that ends with its restart, or when it becomes ready all the same.
fn boot(workshop: &Workshop, name: &str, machine: &Machine) -> Result<Booted> {
    workshop.boot_watched(name, machine, Until::Off, &mut |event, control| {
        if matches!(event, RunEvent::Report(_, Event::Ready(_))) {
            control.press_power_button();
        }
    })
}

/// The same machine as that of `direct`, which becomes ready, but for one bit of its disk.
fn flipped(workshop: &Workshop, name: &str, byte: Byte) -> Result<Booted> {
    let image = workshop.image(RECIPE)?;
    let disk = with_flipped_byte(workshop, &image.disk, byte)?;
    let seen = boot(workshop, name, &image.direct(direct::with_selftest(&image), disk.clone()));
    std::fs::remove_file(disk)?;
    seen
}

fn does_not_become_ready(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(seen.outcome.ready.is_none(), "it became ready");
    Ok(())
}

/// A node that can't run does not sit there until somebody looks; but who looks has the time to read.
fn restarts_after_a_pause(workshop: &Workshop, seen: &Booted) -> Result<()> {
    let failed = |(at, event): &(Duration, Event)| matches!(event, Event::Failed(_)).then_some(*at);
    let failed = seen.events.iter().find_map(failed).context("it reported no failure")?;
    let pause = seen.outcome.length.saturating_sub(failed);
    // 10 s, less what it took until the report was read.
    ensure!(pause > Duration::from_secs(9), "it restarted after {} s", pause.as_secs_f32());
    restarts_the_machine(workshop, seen)
}

/// Not by a file system or a program that makes nothing of what it reads.
fn is_found_by_dm_verity(_: &Workshop, seen: &Booted) -> Result<()> {
    let lines = seen.console()?;
    let found =
        lines.lines().any(|line| line.contains("device-mapper: verity") && line.contains("is corrupted"));
    ensure!(found, "dm-verity says nothing of a corrupted block");
    Ok(())
}

/// What was ready before a container started was ready this time too.
fn is_found_when_the_program_starts(_: &Workshop, seen: &Booted) -> Result<()> {
    let serves = |event: &Event| matches!(event, Event::Step(step) if step.name == "service.containerd");
    ensure!(seen.events.iter().any(|(_, event)| serves(event)), "containerd did not serve yet");
    Ok(())
}

fn restarts_the_machine(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(seen.outcome.end == End::Restarted, "it ended with: {}", seen.outcome.end);
    Ok(())
}

fn says_what_failed_why_and_what_to_do(_: &Workshop, seen: &Booted) -> Result<()> {
    let failed = seen.outcome.failed.as_ref().context("it reported no failure")?;
    super::stands_on_the_console(seen, failed)
}
