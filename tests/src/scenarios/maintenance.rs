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
use corten_report::Event;
use corten_vm::{Control, Disk, DiskFormat, RunEvent, Until, Writes, sparse_copy};
use corten_volatile::write_zeros;
use libtest_mimic::Trial;

use super::{RECIPE, state};
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
    // The superblock, the descriptors of the first group, and what lies behind them up to the first files.
    let name = "state_with_a_damaged_start";
    damaged(name, |file, state| file.write_all_at(&vec![0xff; 64 << 10], state.start)).add(
        name,
        When::Always,
        &[("is_mended_or_leads_to_maintenance", is_mended_or_leads_to_maintenance)],
        trials,
    );
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
    for text in [&told.what, &told.why, &told.hint] {
        ensure!(!text.is_empty(), "it leaves something out: {told:?}");
        ensure!(seen.console()?.contains(text), "{text:?} is not on the console");
    }
    super::stops_in_order_on_the_power_button(workshop, seen)
}

fn is_mended_or_leads_to_maintenance(workshop: &Workshop, damaged: &Damaged) -> Result<()> {
    if damaged.seen.outcome.ready.is_none() {
        return leads_to_maintenance(workshop, damaged);
    }
    super::stops_in_order_on_the_power_button(workshop, &damaged.seen)?;
    table::is_complete(&damaged.disk)
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
