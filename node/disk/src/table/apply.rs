//! Brings the partition table of a running node's disk to what it must be, and tells the kernel.

use std::fs::File;
use std::path::PathBuf;

use corten_formats::fat::FileDevice;
use corten_formats::gpt::{Guid, Table, types};
use corten_sys::{SysError, host, partition};

use super::{Change, Fresh, Plan, WriteError, find, plan, rewrite, state_of, without_being_made};
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

/// Makes the table what it must be. `slot` is the label of the slot that runs; `say` gets what was changed.
pub fn apply(disk: &Disk, slot: &str, say: &mut dyn FnMut(&str)) -> Result<StatePartition, NoState> {
    let mut device = open(disk)?;
    let mut found = find(&device, disk.sector()?)?;
    // Most boots change nothing and need no random numbers, for which a young kernel may have to wait.
    let mut wanted = plan(&found, disk.bytes(), slot, &Fresh::NONE)?;
    if !wanted.changes.is_empty() {
        wanted = plan(&found, disk.bytes(), slot, &fresh()?)?;
        let before = found.table.clone();
        found = rewrite(&mut device, &found, &wanted.table)?;
        say(&described(disk, &wanted.changes));
        tell_kernel(disk, &before, &found.table)?;
    }
    if let Plan { lacks: Some(room), .. } = &wanted {
        say(&format!("{}: no second slot, so no updates: {room}", disk.name()));
    }
    // A plan always has the state in it.
    let number = state_of(&found.table)?.ok_or(WriteError::Differs)?;
    let partition = found.table.partitions.get(&number).ok_or(WriteError::Differs)?;
    let range = found.table.bytes(number).unwrap_or_default();
    let being_made = partition.attributes & types::ATTRIBUTE_BEING_MADE != 0;
    Ok(StatePartition {
        path: disk.partition_path(number)?,
        bytes: range.end.saturating_sub(range.start),
        mark: if being_made { Mark::BeingMade } else { Mark::None },
        number,
    })
}

/// Takes the mark off a state partition whose file system is complete and on the disk.
pub fn complete(disk: &Disk, state: &StatePartition) -> Result<(), NoState> {
    let mut device = open(disk)?;
    let found = find(&device, disk.sector()?)?;
    rewrite(&mut device, &found, &without_being_made(&found.table, state.number))?;
    Ok(())
}

fn open(disk: &Disk) -> Result<FileDevice, NoState> {
    let path = disk.path();
    let file = File::options().read(true).write(true).open(&path);
    Ok(file.and_then(FileDevice::new).map_err(|error| io(&path, error))?)
}

fn described(disk: &Disk, changes: &[Change]) -> String {
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    format!("{}: {}", disk.name(), changes.join("; "))
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
