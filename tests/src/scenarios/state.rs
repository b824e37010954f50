//! The state of a node: made on the first boot, kept by the next ones, larger on a larger disk, and never formatted
//! again, whatever has become of it.

use anyhow::{Context, Result, ensure};
use corten_formats::gpt::types;
use corten_report::{Age, State};
use libtest_mimic::Trial;

use super::RECIPE;
use crate::partition;
use crate::recording::{By, Recording};
use crate::scenario::{Case, Once, Place, When};
use crate::table;
use crate::workshop::{Booted, Workshop};

/// Room for both slots and 1.4 GiB of state.
pub const SIZE: u64 = 4 << 30;
/// The same disk later.
const GROWN: u64 = 5 << 30;

/// Two sectors before 1 MiB count the starts of a version.
const START_RECORD: u64 = (1 << 20) - (8 << 10);

/// Boots that follow one another on one disk. Each is done once, for the cases about it, for power cuts, and as what
/// the next one starts from.
pub struct Boots {
    /// On the disk as it was built, with room behind.
    pub first: Once<Recording>,
    /// On what the first one left.
    pub second: Once<Recording>,
    /// On what the second one left, with more room behind.
    pub grown: Once<Recording>,
    /// As the first, by firmware and loader: starts are counted then.
    pub by_loader: Once<Recording>,
}

impl Boots {
    /// The boots, none of them done yet.
    pub fn new(place: &Place) -> Self {
        let first = Once::new(place, |workshop| {
            let disk = workshop.image(RECIPE)?.disk.clone();
            Recording::make(workshop, "first_boot", By::Kernel, (&disk, SIZE))
        });
        let second = Once::new(place, {
            let first = first.clone();
            move |workshop| {
                let before = &first.get(workshop)?.after;
                Recording::make(workshop, "second_boot", By::Kernel, (before, SIZE))
            }
        });
        let grown = Once::new(place, {
            let second = second.clone();
            move |workshop| {
                let before = &second.get(workshop)?.after;
                Recording::make(workshop, "grown_disk", By::Kernel, (before, GROWN))
            }
        });
        let by_loader = Once::new(place, |workshop| {
            let disk = workshop.image(RECIPE)?.disk.clone();
            Recording::make(workshop, "first_boot_by_loader", By::Loader, (&disk, SIZE))
        });
        Self { first, second, grown, by_loader }
    }
}

/// Adds the cases.
pub fn add(boots: &Boots, trials: &mut Vec<Trial>) {
    let cases: &[Case<Recording>] = &[
        ("becomes_ready", |workshop, seen| super::becomes_ready(workshop, &seen.seen)),
        ("makes_the_state", |_, seen| has_state(&seen.seen, Age::New)),
        ("leaves_a_complete_disk", |_, seen| table::is_complete(&seen.after)),
        ("gives_the_disk_identities_of_its_own", gives_the_disk_identities_of_its_own),
        ("stops_in_order_on_the_power_button", |workshop, seen| {
            super::stops_in_order_on_the_power_button(workshop, &seen.seen)
        }),
    ];
    boots.first.add("first_boot", When::Always, cases, trials);
    let first = boots.first.clone();
    let cases: &[Case<Recording>] = &[
        ("becomes_ready", |workshop, seen| super::becomes_ready(workshop, &seen.seen)),
        ("finds_the_state", |_, seen| has_state(&seen.seen, Age::Kept)),
        ("leaves_the_partition_table_as_it_is", leaves_the_partition_table_as_it_is),
        ("leaves_a_complete_disk", |_, seen| table::is_complete(&seen.after)),
        ("stops_in_order_on_the_power_button", |workshop, seen| {
            super::stops_in_order_on_the_power_button(workshop, &seen.seen)
        }),
    ];
    boots.second.add("second_boot", When::Always, cases, trials);
    trials.push(boots.second.trial(
        "second_boot::keeps_the_machine_id",
        When::Always,
        move |workshop, seen| is_the_same(&first.get(workshop)?.seen, &seen.seen),
    ));
    let second = boots.second.clone();
    let cases: &[Case<Recording>] = &[
        ("becomes_ready", |workshop, seen| super::becomes_ready(workshop, &seen.seen)),
        ("finds_the_state", |_, seen| has_state(&seen.seen, Age::Kept)),
        ("leaves_a_complete_disk", |_, seen| table::is_complete(&seen.after)),
        ("stops_in_order_on_the_power_button", |workshop, seen| {
            super::stops_in_order_on_the_power_button(workshop, &seen.seen)
        }),
    ];
    boots.grown.add("grown_disk", When::Always, cases, trials);
    trials.push(boots.grown.trial("grown_disk::has_more_state", When::Always, move |workshop, seen| {
        has_grown(second.get(workshop)?, seen)
    }));
}

/// The machine id that a ready node tells.
pub fn machine_id(seen: &Booted) -> Result<&str> {
    let id = &seen.outcome.ready.as_ref().context("not ready")?.machine_id;
    ensure!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "machine id {id:?}");
    Ok(id)
}

/// The state that a ready node tells of.
pub fn state_of(seen: &Booted) -> Result<&State> {
    seen.outcome.ready.as_ref().context("not ready")?.state.as_ref().context("it does not tell of its state")
}

/// Checks that the state was made in this boot, or kept.
pub fn has_state(seen: &Booted, age: Age) -> Result<()> {
    let found = state_of(seen)?.age;
    ensure!(found == age, "its state is {found:?}, expected {age:?}");
    Ok(())
}

/// Checks that two boots are of one machine with one state.
pub fn is_the_same(before: &Booted, after: &Booted) -> Result<()> {
    let identity = |seen| anyhow::Ok((machine_id(seen)?, &state_of(seen)?.uuid));
    let (before, after) = (identity(before)?, identity(after)?);
    ensure!(before == after, "machine and state were {before:?} and are {after:?}");
    Ok(())
}

fn gives_the_disk_identities_of_its_own(workshop: &Workshop, seen: &Recording) -> Result<()> {
    let (built, found) = (partition::table(&workshop.image(RECIPE)?.disk)?, partition::table(&seen.after)?);
    ensure!(built.table.disk_guid != found.table.disk_guid, "the disk has the GUID of every such disk");
    let esp = |found| anyhow::Ok(partition::of_kind(found, types::ESP)?.0.guid);
    ensure!(esp(&built)? != esp(&found)?, "the ESP has the GUID of every such ESP");
    Ok(())
}

/// The start record lies between the table and the first partition, and is nobody's table.
fn leaves_the_partition_table_as_it_is(_: &Workshop, seen: &Recording) -> Result<()> {
    let tables = [0..START_RECORD, SIZE - (1 << 20)..SIZE];
    for (_, write) in seen.record.writes() {
        let end = write.offset + write.content.length();
        let hit = tables.iter().any(|table| write.offset < table.end && table.start < end);
        ensure!(!hit, "a write of {} bytes at {}", write.content.length(), write.offset);
    }
    Ok(())
}

fn has_grown(before: &Recording, after: &Recording) -> Result<()> {
    is_the_same(&before.seen, &after.seen)?;
    let length = |disk| table::state(disk).map(|range| range.end - range.start);
    let (before, partition) = (length(&before.after)?, length(&after.after)?);
    ensure!(partition >= before + (GROWN - SIZE), "the partition had {before} bytes and has {partition}");
    // What does not fill a whole group of blocks may be left out.
    let file_system = table::file_system_bytes(&after.after)?;
    ensure!(file_system > before, "the file system has {file_system} bytes");
    Ok(())
}
