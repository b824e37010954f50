//! The record of starts on the disk that the machine runs from.

use std::fs::File;
use std::io;

use corten_disk::Disk;
use corten_formats::device::FileDevice;
use corten_formats::verity::RootHash;
use corten_update::start::{END, Record, Starts};

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("{0} is no disk")]
    NoDisk(String),
    #[error(transparent)]
    Disk(#[from] corten_disk::DiskError),
    #[error("{disk} has no room for it: partition {number} starts at byte {start}, expected {END} at least")]
    NoRoom { disk: String, number: u32, start: u64 },
    #[error("/dev/{0}: {1}")]
    Io(String, io::Error),
}

/// The record as it is, and the disk to write it to.
pub(super) struct OnDisk {
    disk: String,
    device: FileDevice,
    pub(super) starts: Starts,
}

impl OnDisk {
    pub(super) fn open(disk: &str) -> Result<Self, RecordError> {
        let found = Disk::named(disk).ok_or_else(|| RecordError::NoDisk(disk.into()))?;
        let table = found.table()?.table;
        for number in table.partitions.keys() {
            let start = table.bytes(*number).map_or(END, |range| range.start);
            if start < END {
                return Err(RecordError::NoRoom { disk: disk.into(), number: *number, start });
            }
        }
        let failed = |error| RecordError::Io(disk.into(), error);
        let file = File::options().read(true).write(true).open(found.path()).map_err(failed)?;
        let device = FileDevice::new(file).map_err(failed)?;
        let starts = Starts::read(&device);
        Ok(Self { disk: disk.into(), device, starts })
    }

    /// Writes a record; `None` changes nothing.
    pub(super) fn write(mut self, record: Option<Record>) -> Result<(), RecordError> {
        let Some(record) = record else { return Ok(()) };
        self.starts.write(&mut self.device, &record).map_err(|error| RecordError::Io(self.disk, error))
    }
}

/// A start begins, or something as bad as an unhealthy start was found.
pub(super) fn begun(disk: &str, root_hash: &RootHash) -> Result<(), RecordError> {
    let record = OnDisk::open(disk)?;
    let begun = record.starts.begun(root_hash);
    record.write(Some(begun))
}

/// The version became ready.
pub(super) fn healthy(disk: &str, root_hash: &RootHash) -> Result<(), RecordError> {
    let record = OnDisk::open(disk)?;
    let healthy = record.starts.healthy(root_hash);
    record.write(healthy)
}

/// Somebody stopped the machine before that.
pub(super) fn taken_back(disk: &str, root_hash: &RootHash) -> Result<(), RecordError> {
    let record = OnDisk::open(disk)?;
    let taken_back = record.starts.taken_back(root_hash);
    record.write(taken_back)
}
