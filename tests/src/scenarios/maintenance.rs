//! A node that can't have its state does not start its services on something else and does not make a new one: it
//! stays up, says why, and waits for a person.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_formats::ext4;
use corten_formats::gpt::Guid;
use corten_report::{Age, Event};
use corten_vm::{Control, Disk, DiskFormat, RunEvent, Until, Writes, sparse_copy};
use corten_volatile::write_zeros;
use libtest_mimic::Trial;

use super::{RECIPE, state};
use crate::recording::Recording;
use crate::scenario::{Once, Place, When};
use crate::table;
use crate::workshop::{Booted, Workshop};

/// How long a node has to stay in maintenance before its power button is pressed.
const STAYS_UP: Duration = Duration::from_secs(3);

/// A disk that something is wrong with, and its boot.
struct Damaged {
    seen: Booted,
    disk: PathBuf,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seen.fmt(f)
    }
}

/// Adds the cases.
pub fn add(boots: &state::Boots, place: &Place, trials: &mut Vec<Trial>) {
    let damaged = |name: &'static str, damage: fn(&File, Range<u64>) -> io::Result<()>| {
        let second = boots.second.clone();
        Once::new(place, move |workshop| {
            let disk = workshop.path(&format!("{name}.raw"));
            sparse_copy(&second.get(workshop)?.after, &disk)?;
            let file = File::options().read(true).write(true).open(&disk)?;
            damage(&file, table::state(&disk)?)?;
            boot(workshop, name, disk)
        })
    };
    // The superblock alone, of which there are copies.
    let name = "state_without_its_superblock";
    let mended = damaged(name, |file, state| file.write_all_at(&[0; ext4::SIZE], state.start + ext4::OFFSET));
    mended.add(
        name,
        When::Always,
        &[
            ("becomes_ready", |workshop, damaged| super::becomes_ready(workshop, &damaged.seen)),
            ("leaves_a_complete_disk", |_, damaged| table::is_complete(&damaged.disk)),
        ],
        trials,
    );
    trials.push(trial_beside(&mended, boots, &format!("{name}::keeps_the_state"), |before, damaged| {
        state::has_state(&damaged.seen, Age::Kept)?;
        state::is_the_same(&before.seen, &damaged.seen)
    }));
    // The superblock, the descriptors of the first group, and what lies behind them up to the first files.
    let name = "state_with_a_damaged_start";
    let lost = damaged(name, |file, state| file.write_all_at(&vec![0xff; 64 << 10], state.start));
    lost.add(name, When::Always, &[("leads_to_maintenance", leads_to_maintenance)], trials);
    trials.push(trial_beside(&lost, boots, &format!("{name}::is_not_formatted"), |before, damaged| {
        let (before, after) = (&state::state_of(&before.seen)?.uuid, backup_uuid(&damaged.disk)?);
        ensure!(*before == after, "the copy of the superblock had UUID {before} and has {after}");
        Ok(())
    }));
    let name = "state_that_is_gone";
    damaged(name, |file, state| write_zeros(file, state.start, state.end - state.start)).add(
        name,
        When::Always,
        &[("leads_to_maintenance", leads_to_maintenance), ("is_not_formatted", is_not_formatted)],
        trials,
    );
    let small = Once::new(place, |workshop| {
        let disk = workshop.path("disk_without_room.raw");
        sparse_copy(&workshop.image(RECIPE)?.disk, &disk)?;
        boot(workshop, "disk_without_room", disk)
    });
    small.add("disk_without_room", When::Always, &[("leads_to_maintenance", leads_to_maintenance)], trials);
}

/// A case that compares with the boot before the damage.
fn trial_beside(
    damaged: &Once<Damaged>,
    boots: &state::Boots,
    name: &str,
    check: fn(&Recording, &Damaged) -> Result<()>,
) -> Trial {
    let before = boots.second.clone();
    damaged.trial(name, When::Always, move |workshop, damaged| check(before.get(workshop)?, damaged))
}

/// UUID of the state by the copy of its superblock, which only making a file system changes.
fn backup_uuid(disk: &Path) -> Result<String> {
    let mut bytes = [0; ext4::SIZE];
    File::open(disk)?.read_exact_at(&mut bytes, table::state(disk)?.start + ext4::BACKUP_OFFSET)?;
    Ok(Guid::from_bytes(ext4::Superblock::parse(&bytes)?.uuid).to_string())
}

fn boot(workshop: &Workshop, name: &str, disk: PathBuf) -> Result<Damaged> {
    let image = workshop.image(RECIPE)?;
    let mut machine = image.direct(image.command_line.clone(), disk.clone());
    machine.disks = vec![Disk { path: disk.clone(), format: DiskFormat::Raw, writes: Writes::Kept }];
    let seen = workshop.boot_watched(name, &machine, Until::Off, &mut end)?;
    Ok(Damaged { seen, disk })
}

/// Presses the power button of a node that is ready at once, of one in maintenance a while later, and ends one that
/// failed.
fn end(event: &RunEvent, control: &Control) {
    match event {
        RunEvent::Report(_, Event::Ready(_)) => control.press_power_button(),
        RunEvent::Report(_, Event::Failed(_)) => control.kill(),
        RunEvent::Report(_, Event::Maintenance(_)) => {
            let control = control.clone();
            std::thread::spawn(move || {
                std::thread::sleep(STAYS_UP);
                control.press_power_button();
            });
        }
        _ => {}
    }
}

fn leads_to_maintenance(workshop: &Workshop, damaged: &Damaged) -> Result<()> {
    let Damaged { seen, .. } = damaged;
    ensure!(seen.outcome.ready.is_none(), "the node became ready");
    let told = seen.outcome.maintenance.as_ref().context("it did not tell that it is in maintenance")?;
    super::stands_on_the_console(seen, told)?;
    super::stops_in_order_on_the_power_button(workshop, seen)
}

fn is_not_formatted(_: &Workshop, damaged: &Damaged) -> Result<()> {
    ensure!(has_no_data(&damaged.disk)?, "something was written to the state");
    Ok(())
}

/// Whether the state is zeros from start to end.
fn has_no_data(disk: &Path) -> Result<bool> {
    let (file, state) = (File::open(disk)?, table::state(disk)?);
    let mut buffer = vec![0; 1 << 20];
    for at in state.clone().step_by(buffer.len()) {
        let count = (state.end - at).min(buffer.len() as u64) as usize;
        file.read_exact_at(&mut buffer[..count], at)?;
        if buffer[..count].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
    Ok(true)
}
