//! Power cuts: whatever a disk has lost of what was not flushed, the next boot becomes ready and mends the rest.
//!
//! A boot is recorded once. Each case makes the disk that a cut at one moment of it leaves and boots that. Control
//! cases do the same with a disk that ignores flushes: the same cuts, and two losses that are chosen to hurt. They
//! demand that something is lost then: if nothing were, the other cases would prove nothing.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use corten_vm::{DiskFormat, Until};
use corten_volatile::{Cut, Loss, Operation, Promise, Tick, Write, choose};
use libtest_mimic::Trial;

use super::{RECIPE, state};
use crate::recording::{By, Recording};
use crate::scenario::{Once, When};
use crate::table;
use crate::workshop::{Booted, Workshop};

/// Cuts of each boot; of the first one among the long tests.
const CUTS: usize = 20;
const LONG_CUTS: usize = 100;

/// Before the first partition lies the partition table, behind the last one its backup.
const TABLE: u64 = 1 << 20;

/// Adds the cases.
pub fn add(boots: &state::Boots, trials: &mut Vec<Trial>) {
    cuts("power_cut_on_first_boot", When::Always, (&boots.first, CUTS), trials);
    cuts("power_cut_on_first_boot_again", When::Long, (&boots.first, LONG_CUTS), trials);
    cuts("power_cut_on_first_boot_by_loader", When::Long, (&boots.by_loader, CUTS), trials);
    cuts("power_cut_on_second_boot", When::Long, (&boots.second, CUTS), trials);
    cuts("power_cut_on_grown_disk", When::Long, (&boots.grown, CUTS), trials);
    boots.first.add(
        "power_cut_with_flushes_ignored",
        When::Always,
        &[
            ("is_not_survived", flushes_ignored_are_not_survived),
            ("loses_a_state_whose_table_says_that_it_is_complete", a_state_lost_under_its_table_is_noticed),
            ("loses_the_entries_of_a_table_whose_header_is_new", entries_lost_under_their_header_are_noticed),
        ],
        trials,
    );
}

fn cuts(name: &'static str, when: When, (boot, count): (&Once<Recording>, usize), trials: &mut Vec<Trial>) {
    for number in 0..count {
        let check = move |workshop: &Workshop, seen: &Recording| {
            let cut = numbered(seen, number, count).context("the boot wrote nothing")?;
            survive(workshop, seen, &format!("{name}.cut_{number:02}"), &cut)
        };
        trials.push(boot.trial(&format!("{name}::cut_{number:02}"), when, check));
    }
}

fn touches_table(recording: &Recording, write: &Write) -> bool {
    write.offset < TABLE || write.offset + write.content.length() > recording.size - TABLE
}

/// A cut of so many. A third falls around writes of the partition table, a third between the first and the last of
/// them, where the file system is made, a fifth shortly after ready, the rest anywhere.
fn numbered(recording: &Recording, number: usize, count: usize) -> Option<Cut> {
    let Recording { record, ready, .. } = recording;
    let around = |operation: &Operation| {
        let end = operation.answered.unwrap_or(operation.received);
        [operation.received - 1, operation.received, end, end + 1, end + 2]
    };
    let writes = record.writes().filter(|(_, write)| touches_table(recording, write));
    let table: Vec<Tick> = writes.flat_map(|(operation, _)| around(operation)).collect();
    let made = table.iter().min().copied().unwrap_or(1)..=table.iter().max().copied().unwrap_or(0);
    let after_ready = *ready..=ready.saturating_add(200).min(record.end());
    let groups = [
        (table, count / 3),
        (made.collect(), count / 3),
        (after_ready.collect(), count / 5),
        ((1..=record.end()).collect(), count - count / 3 * 2 - count / 5),
    ];
    let at = *choose(&groups, recording.seed).get(number)?;
    // A disk may as well lose everything, or nothing.
    let loss = match number % 8 {
        3 => Loss::All,
        7 => Loss::Nothing,
        _ => Loss::Random(recording.seed.wrapping_mul(1000).wrapping_add(number as u64)),
    };
    Some(Cut { at, promise: Promise::Kept, loss })
}

/// The cut, the boot after it, and what has to hold then.
fn survive(workshop: &Workshop, recording: &Recording, name: &str, cut: &Cut) -> Result<()> {
    let disk = workshop.path(&format!("{name}.raw"));
    recording.cut(cut, &disk)?;
    let seen = boot(workshop, name, recording.by, &disk)?;
    let Err(error) = is_as_it_has_to_be((workshop, recording), cut, &seen, &disk) else {
        std::fs::remove_file(disk)?;
        return Ok(());
    };
    let before = workshop.path(&format!("{name}.before.raw"));
    recording.cut(cut, &before)?;
    let (before, after, told) = (before.display(), disk.display(), Told(recording, cut));
    bail!(
        "{error:#}\n{told}the disk after the cut: {before}\nand after the boot: {after}\n{seen}\n\nThe boot that was cut:"
    )
}

fn boot(workshop: &Workshop, name: &str, by: By, disk: &Path) -> Result<Booted> {
    let machine = by.machine(&*workshop.image(RECIPE)?, disk.into(), DiskFormat::Raw);
    workshop.boot(name, &machine, Until::Ready)
}

fn is_as_it_has_to_be(
    (workshop, recording): (&Workshop, &Recording),
    cut: &Cut,
    seen: &Booted,
    disk: &Path,
) -> Result<()> {
    super::becomes_ready(workshop, seen)?;
    super::stops_in_order_on_the_power_button(workshop, seen)?;
    table::is_complete(disk)?;
    // What a ready node said of itself holds from then on.
    if cut.at > recording.ready {
        let (before, after) = (state::machine_id(&recording.seen)?, state::machine_id(seen)?);
        ensure!(before == after, "the machine was {before} when it was ready, and is {after} now");
    }
    Ok(())
}

/// The cuts of the first boot that come when the node was ready, until one is not survived. Nearly every one is not:
/// what was there for a ready node is gone, or the disk is in pieces.
fn flushes_ignored_are_not_survived(workshop: &Workshop, recording: &Recording) -> Result<()> {
    let cuts = (0..CUTS).filter_map(|number| numbered(recording, number, CUTS));
    let later = cuts.filter(|cut| cut.at > recording.ready && cut.loss != Loss::Nothing);
    for cut in later.map(|cut| Cut { promise: Promise::Broken, ..cut }) {
        if survives(workshop, recording, "broken", &cut)?.is_err() {
            return Ok(());
        }
    }
    bail!("no cut after ready loses anything on a disk that ignores flushes")
}

/// The table says that the state is complete, and nothing of the state is there.
fn a_state_lost_under_its_table_is_noticed(workshop: &Workshop, recording: &Recording) -> Result<()> {
    let kept = vec![0..TABLE, recording.size - TABLE..recording.size];
    let loss = Loss::AllBut(kept);
    fails(workshop, recording, "without_state", loss)
}

/// The header of the table is the new one, and nothing of what it names is there.
fn entries_lost_under_their_header_are_noticed(workshop: &Workshop, recording: &Recording) -> Result<()> {
    let (sector, size) = (512, recording.size);
    let loss = Loss::AllBut(vec![sector..2 * sector, size - sector..size]);
    fails(workshop, recording, "without_entries", loss)
}

/// A node that can go on from what is left has at least lost its machine id, which it had when it was ready.
fn fails(workshop: &Workshop, recording: &Recording, name: &str, loss: Loss) -> Result<()> {
    let cut = Cut { at: recording.record.end(), promise: Promise::Broken, loss };
    let survived = survives(workshop, recording, name, &cut)?;
    ensure!(survived.is_err(), "lost flushes go unnoticed: {}", Told(recording, &cut));
    Ok(())
}

/// Boots what a cut leaves and says why it is not as it has to be, if it is not.
fn survives(workshop: &Workshop, recording: &Recording, name: &str, cut: &Cut) -> Result<Result<()>> {
    let disk = workshop.path(&format!("power_cut_{name}.raw"));
    recording.cut(cut, &disk)?;
    let seen = boot(workshop, &format!("power_cut_{name}"), recording.by, &disk)?;
    // A host that is too slow shows nothing of the disk.
    let failed = seen.outcome.failed.as_ref();
    let in_time = failed.is_none_or(|failed| failed.what != "becoming ready");
    let told = seen.outcome.ready.is_some() || seen.outcome.maintenance.is_some() || failed.is_some();
    ensure!(told && in_time, "the node does not say what it found: {seen}");
    let survived = is_as_it_has_to_be((workshop, recording), cut, &seen, &disk);
    std::fs::remove_file(disk)?;
    Ok(survived)
}

/// A cut, for people.
struct Told<'a>(&'a Recording, &'a Cut);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Recording { record, ready, seed, .. }, cut) = self;
        let end = record.end();
        writeln!(f, "CORTEN_SEED={seed}, {cut:?}; the boot had {end} moments and was ready at {ready}")?;
        let before = record.operations().iter().filter(|operation| operation.received <= cut.at);
        writeln!(f, "the last that came in before it:")?;
        let last: Vec<_> = before.collect();
        for Operation { action, received, answered } in &last[last.len().saturating_sub(8)..] {
            writeln!(f, "  {received} to {answered:?}: {action}")?;
        }
        Ok(())
    }
}
