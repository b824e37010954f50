//! Makes partitions ready to be made anew at the next start. Nothing of what runs changes before that.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use crate::device::{Disk, io};
use crate::error::NoState;
use crate::search::ROOT_VERITY;
use crate::table::{
    Refusal, WriteError, being_made, find, labelled_number, open, other_label, rewrite, state_of,
};

/// Bytes at the start of a hash tree that make it known: its superblock and what fills up its block.
const SUPERBLOCK: usize = 4096;

/// Marks the state as one whose file system never was complete, so that the next start makes it anew. Until then it
/// stays what it is; a cut of power leaves the mark there or not.
pub fn state(disk: &Disk) -> Result<(), NoState> {
    let mut device = open(disk)?;
    let found = find(&device, disk.sector()?)?;
    let number = state_of(&found.table)?.ok_or(WriteError::Differs)?;
    rewrite(&mut device, &found, &being_made(&found.table, number))?;
    Ok(())
}

/// Makes the slot that does not run unknown: the start of its hash tree is cleared. `slot` is the label of the one that
/// runs. Its boot image has to be gone before.
pub fn other_slot(disk: &Disk, slot: &str) -> Result<(), NoState> {
    let table = disk.table()?.table;
    let label = format!("{}-verity", other_label(slot));
    let number =
        labelled_number(&table, ROOT_VERITY, &label).ok_or_else(|| Refusal::NoSlot(other_label(slot)))?;
    let path = disk.partition_path(number)?;
    let device = OpenOptions::new().write(true).open(&path).map_err(|error| io(&path, error))?;
    device.write_all_at(&[0; SUPERBLOCK], 0).map_err(|error| io(&path, error))?;
    device.sync_all().map_err(|error| io(&path, error))?;
    Ok(())
}
