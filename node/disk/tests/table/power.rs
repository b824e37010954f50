//! Power cuts while the table is written: what is found afterwards is the table that was or the one that will be, and
//! the next boot completes what was begun.

use corten_disk::table::{find, plan, rewrite, state_of, without_being_made};
use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::gpt::{SectorSize, Table};
use corten_power_cut::{Event, Flushes, Recorder, after_cut, coin};

use crate::disks::{BOOT_CODE, DISK, FRESH, MIB, SECTORS, SLOT, disk, grown, image};

/// Random subsets of what a disk had not yet stored, for each cut.
const SEEDS: u64 = 40;

/// What a boot does to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Brings it to what it must be.
    Plan,
    /// The same, then takes the mark off the state.
    Complete,
}

/// What a sector that was being written may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Torn {
    /// The front of the new bytes and the end of the old ones.
    Mixed,
    /// That, or anything.
    Anything,
}

/// One disk, and what is done to it.
#[derive(Debug)]
struct Case {
    name: &'static str,
    sector: SectorSize,
    start: SparseMemory,
    step: Step,
    torn: Torn,
}

fn perform(device: &mut impl BlockDevice, sector: SectorSize, step: Step) -> Result<Table, String> {
    let mut found = find(device, sector).map_err(|error| error.to_string())?;
    let wanted = plan(&found, device.size(), SLOT, &FRESH).map_err(|error| error.to_string())?;
    if !wanted.changes.is_empty() {
        found = rewrite(device, &found, &wanted.table).map_err(|error| error.to_string())?;
    }
    if step == Step::Complete {
        let state = state_of(&found.table).unwrap().ok_or("no state")?;
        let wanted = without_being_made(&found.table, state);
        if wanted != found.table {
            found = rewrite(device, &found, &wanted).map_err(|error| error.to_string())?;
        }
    }
    Ok(found.table)
}

/// A table whatever the place of its array.
fn anywhere(table: &Table) -> Table {
    Table { entries_lba: 2, ..table.clone() }
}

fn done(device: &SparseMemory, sector: SectorSize, step: Step) -> SparseMemory {
    let recorder = Recorder::new(device.clone());
    let events = recorder.events();
    perform(&mut { recorder }, sector, step).unwrap();
    let events = events.borrow();
    after_cut(device, &events, Flushes::Ignored, &mut || true)
}

fn flip(mut device: SparseMemory, offset: u64) -> SparseMemory {
    let mut byte = [0];
    device.read_at(offset, &mut byte).unwrap();
    device.write_at(offset, &[byte[0] ^ 1]).unwrap();
    device
}

fn cases() -> Vec<Case> {
    SECTORS.into_iter().flat_map(cases_of).collect()
}

fn cases_of(sector: SectorSize) -> Vec<Case> {
    let fresh = grown(&disk(&image(sector), 27 * MIB), DISK);
    // The backup is at the end already, so it is written over.
    let sized = Table { disk_sectors: DISK / sector.bytes(), ..image(sector) };
    let sized = flip(disk(&sized, DISK), sector.bytes() + 60);
    let first = done(&fresh, sector, Step::Plan);
    let whole = done(&first, sector, Step::Complete);
    let larger = grown(&whole, DISK + 64 * MIB);
    let header = sector.bytes();
    // Bytes of the GUID of the disk in either header, and of the first entry in either array.
    let array = find(&whole, sector).unwrap().table.entries_lba * sector.bytes();
    let (backup, backup_array) = (DISK - header, DISK - header - (16 << 10));
    let case = |name, start, step| Case { name, sector, start, step, torn: Torn::Anything };
    vec![
        case("first boot", fresh.clone(), Step::Plan),
        case("first boot up to the end", fresh.clone(), Step::Complete),
        case("first boot with a damaged header", sized, Step::Plan),
        case("the state is complete", first.clone(), Step::Complete),
        case("the disk has grown", larger.clone(), Step::Plan),
        case("a damaged header", flip(whole.clone(), header + 60), Step::Plan),
        case("a damaged array", flip(whole.clone(), array), Step::Plan),
        case("a damaged header while the state is made", flip(first.clone(), header + 60), Step::Complete),
        case("a damaged backup", flip(whole.clone(), backup + 60), Step::Plan),
        case("a damaged array of the backup", flip(whole, backup_array), Step::Plan),
        // The damaged header alone tells where the backup is, so it must not become anything at all.
        Case {
            torn: Torn::Mixed,
            ..case("a damaged header, and growth", flip(larger, header + 60), Step::Plan)
        },
        Case { torn: Torn::Mixed, ..case("the same on first boot", flip(fresh, header + 60), Step::Plan) },
    ]
}

/// Tears one of the sectors that were not flushed.
fn tear(device: &mut SparseMemory, start: &SparseMemory, events: &[Event], case: &Case, seed: u64) {
    let from = events.iter().rposition(|event| matches!(event, Event::Flush)).map_or(0, |at| at + 1);
    let sectors: Vec<(u64, &[u8])> = events[from..]
        .iter()
        .filter_map(|event| match event {
            Event::Write(offset, data) => Some((*offset, data)),
            Event::Flush => None,
        })
        .flat_map(|(offset, data)| (offset..).step_by(512).zip(data.chunks(512)))
        .collect();
    let Some((offset, new)) = sectors.get((seed / 3) as usize % sectors.len().max(1)) else { return };
    let before = after_cut(start, &events[..from], Flushes::Ignored, &mut || true);
    let mut bytes = [0; 512];
    before.read_at(*offset, &mut bytes).unwrap();
    let end = (seed * 37 % 512) as usize;
    bytes[..end].copy_from_slice(&new[..end]);
    // Nothing could bring the boot code of others back.
    if case.torn == Torn::Anything && *offset != 0 && seed.is_multiple_of(3) {
        bytes[end / 2..].fill(0xa5);
    }
    device.write_at(*offset, &bytes).unwrap();
}

/// Cuts the step behind every event.
fn cut(case: &Case, flushes: Flushes, seeds: u64) -> Result<(), String> {
    let Case { sector, start, step, .. } = case;
    let recorder = Recorder::new(start.clone());
    let events = recorder.events();
    let old = anywhere(&find(start, *sector).unwrap().table);
    let new = anywhere(&perform(&mut { recorder }, *sector, *step)?);
    let between = anywhere(&plan(&find(start, *sector).unwrap(), start.size(), SLOT, &FRESH).unwrap().table);
    let allowed = [old, between, new.clone()];
    let events = events.borrow();
    assert!(events.len() > 5, "{events:?}");
    for at in 0..=events.len() {
        for seed in 0..seeds {
            let mixed = (seed << 32) + seed * 7919 + at as u64 * 77;
            let mut left = after_cut(start, &events[..at], flushes, &mut coin(mixed));
            if seed % 2 == 1 {
                tear(&mut left, start, &events[..at], case, seed);
            }
            check(case, left, &allowed)
                .map_err(|why| format!("{}: event {at}, seed {seed}: {why}", case.name))?;
        }
    }
    // Without flushes this fails whatever was written, and would prove nothing.
    if flushes == Flushes::Ignored {
        return Ok(());
    }
    let last = after_cut(start, &events, flushes, &mut || false);
    match find(&last, *sector) {
        Ok(found) if anywhere(&found.table) == new && found.primary.is_none() && found.backup.is_none() => {
            Ok(())
        }
        other => Err(format!("{}: it was done and is lost: {other:?}", case.name)),
    }
}

/// What the next boot finds, and what it makes of it.
fn check(case: &Case, mut left: SparseMemory, allowed: &[Table; 3]) -> Result<(), String> {
    let found = find(&left, case.sector).map_err(|error| error.to_string())?;
    if !allowed.contains(&anywhere(&found.table)) {
        return Err(format!("an unknown table: {:?}", found.table));
    }
    let table = anywhere(&perform(&mut left, case.sector, case.step)?);
    if table != allowed[2] {
        return Err(format!("once more leads to {table:?}"));
    }
    let found = find(&left, case.sector).map_err(|error| error.to_string())?;
    let again = plan(&found, left.size(), SLOT, &FRESH).map_err(|error| error.to_string())?;
    if !again.changes.is_empty() || again.table != found.table {
        return Err(format!("there is no end of changes: {:?}", again.changes));
    }
    protects(&left, case.sector)
}

/// The protective MBR covers the disk, and what others keep in front of it is still there.
fn protects(device: &SparseMemory, sector: SectorSize) -> Result<(), String> {
    let mut bytes = [0; 512];
    device.read_at(0, &mut bytes).unwrap();
    let sectors = u32::try_from(device.size() / sector.bytes() - 1).unwrap();
    let right =
        bytes[450] == 0xee && bytes[458..462] == sectors.to_le_bytes() && bytes[510..] == [0x55, 0xaa];
    match (right, bytes[..440] == BOOT_CODE) {
        (true, true) => Ok(()),
        (false, _) => Err("the protective MBR is not right".into()),
        (_, false) => Err("the boot code of others is lost".into()),
    }
}

#[test]
fn a_cut_leaves_the_old_table_or_the_new_one_and_the_next_boot_completes_it() {
    for case in cases() {
        if let Err(why) = cut(&case, Flushes::Kept, SEEDS) {
            panic!("{why}");
        }
    }
}

/// The bytes of the backup.
fn backup(device: &SparseMemory, sector: SectorSize) -> Vec<u8> {
    let mut bytes = vec![0; (sector.bytes() * (1 + sector.array_sectors())) as usize];
    device.read_at(device.size() - bytes.len() as u64, &mut bytes).unwrap();
    bytes
}

/// If this passed with no failure, the test above would prove nothing.
#[test]
fn a_disk_that_ignores_flushes_breaks_the_promise() {
    let mut broken = 0;
    for case in cases() {
        // A whole backup that stays as it is survives anything.
        let after = backup(&done(&case.start, case.sector, case.step), case.sector);
        let stays = backup(&case.start, case.sector) == after;
        assert_eq!(cut(&case, Flushes::Ignored, SEEDS).is_ok(), stays, "{}", case.name);
        broken += usize::from(!stays);
    }
    assert_eq!(broken, 20);
}
