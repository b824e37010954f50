//! Brings the partition table of a running node's disk to what it must be, and tells the kernel.

use std::fs::File;
use std::path::PathBuf;

use corten_formats::device::{BlockDevice, FileDevice};
use corten_formats::gpt::{Guid, SectorSize, Table, types};
use corten_sys::{SysError, host, partition};

use super::{Change, Fresh, NoRoom, Plan, WriteError, find, plan, rewrite, state_of, without_being_made};
use crate::device::{Disk, io};
use crate::error::NoState;
use crate::state::Mark;

/// The state partition as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePartition {
    /// Its device.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Whether its file system was ever complete.
    pub mark: Mark,
    number: u32,
}

/// Makes the table what it must be. `slot` is the label of the slot that runs; `say` gets what was changed, and what
/// should have been.
pub fn apply(disk: &Disk, slot: &str, say: &mut dyn FnMut(&str)) -> Result<StatePartition, NoState> {
    let mut device = open(disk)?;
    let brought = bring_up(&mut device, disk.sector()?, slot, &mut fresh)?;
    let name = disk.name();
    if !brought.changes.is_empty() {
        say(&format!("{name}: {}", described(&brought.changes)));
        if let Err(error) = tell_kernel(disk, &brought.before, &brought.table) {
            // Without its partition there is no state; the rest has time until the next boot.
            if state_of(&brought.before)?.is_none() {
                return Err(error);
            }
            say(&format!("{name}: the kernel keeps to the table from before: {error}"));
        }
    }
    if let Some(why) = &brought.left {
        say(&format!("{name}: the partition table stays as it was: {why}"));
    }
    if let Some(room) = &brought.lacks {
        say(&format!("{name}: no second slot, so no updates: {room}"));
    }
    // A table that was brought up has the state in it.
    let number = state_of(&brought.table)?.ok_or(WriteError::Differs)?;
    let partition = brought.table.partitions.get(&number).ok_or(WriteError::Differs)?;
    let range = brought.table.bytes(number).unwrap_or_default();
    let being_made = partition.attributes & types::ATTRIBUTE_BEING_MADE != 0;
    Ok(StatePartition {
        path: disk.partition_path(number)?,
        bytes: range.end.saturating_sub(range.start),
        mark: if being_made { Mark::BeingMade } else { Mark::None },
        number,
    })
}

/// What came of bringing a table up.
#[derive(Debug)]
pub struct Brought {
    /// The table that counts now.
    pub table: Table,
    /// The one from before.
    pub before: Table,
    /// What was changed.
    pub changes: Vec<Change>,
    /// The second slot could not be made.
    pub lacks: Option<NoRoom>,
    /// Why nothing was changed, though something should have been.
    pub left: Option<NoState>,
}

/// Makes the table of a device what it must be. A table that has the state is good enough where that fails: a damaged
/// backup, or a disk that has grown, is no reason to do without the state.
pub fn bring_up(
    device: &mut impl BlockDevice,
    sector: SectorSize,
    slot: &str,
    fresh: &mut dyn FnMut() -> Result<Fresh, SysError>,
) -> Result<Brought, NoState> {
    let found = find(device, sector)?;
    let mut work = || {
        // Most boots change nothing and need no random numbers, for which a young kernel may have to wait.
        let wanted = plan(&found, device.size(), slot, &Fresh::NONE)?;
        if wanted.changes.is_empty() {
            return Ok((found.table.clone(), wanted));
        }
        let wanted = plan(&found, device.size(), slot, &fresh()?)?;
        Ok((rewrite(device, &found, &wanted.table)?.table, wanted))
    };
    let before = found.table.clone();
    match work() {
        Ok((table, Plan { changes, lacks, .. })) => Ok(Brought { table, before, changes, lacks, left: None }),
        Err(why) if matches!(state_of(&before), Ok(Some(_))) => {
            let (changes, lacks) = (Vec::new(), None);
            Ok(Brought { table: before.clone(), before, changes, lacks, left: Some(why) })
        }
        Err(why) => Err(why),
    }
}

/// Takes the mark off a state partition whose file system is complete and on the disk.
pub fn complete(disk: &Disk, state: &StatePartition) -> Result<(), NoState> {
    let mut device = open(disk)?;
    let found = find(&device, disk.sector()?)?;
    rewrite(&mut device, &found, &without_being_made(&found.table, state.number))?;
    Ok(())
}

/// Opens a disk for changes of its table.
pub(crate) fn open(disk: &Disk) -> Result<FileDevice, NoState> {
    let path = disk.path();
    let file = File::options().read(true).write(true).open(&path);
    Ok(file.and_then(FileDevice::new).map_err(|error| io(&path, error))?)
}

fn described(changes: &[Change]) -> String {
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    changes.join("; ")
}

/// The kernel read the table when it found the disk; it can't read it again while a partition is in use.
fn tell_kernel(disk: &Disk, before: &Table, after: &Table) -> Result<(), NoState> {
    let path = disk.path();
    let device = File::options().read(true).write(true).open(&path).map_err(|error| io(&path, error))?;
    for number in after.partitions.keys() {
        let Some(range) = after.bytes(*number) else { continue };
        match before.bytes(*number) {
            None => partition::add(&device, *number, &range)?,
            Some(old) if old != range => partition::resize(&device, *number, &range)?,
            Some(_) => {}
        }
    }
    Ok(())
}

fn fresh() -> Result<Fresh, SysError> {
    let guid = || {
        let mut bytes = [0; 16];
        host::random(&mut bytes)?;
        // RFC 9562: version 4, variant 10.
        let mut value = u128::from_be_bytes(bytes);
        value = value & !(0xf << 76) | 4 << 76;
        value = value & !(0b11 << 62) | 0b10 << 62;
        Ok(Guid::new(value))
    };
    Ok(Fresh { disk: guid()?, esp: guid()?, root: guid()?, verity: guid()?, state: guid()? })
}
