//! Writes a table over the one in force, so that after a loss of power at any moment the old or the new one is found.
//!
//! The new entry array goes to the place that is not in use, the backup to the end of the disk; after a flush, the
//! one sector of the primary header commits. Where the primary copy is damaged the backup is all there is, so the
//! primary copy is made whole first.

use std::io;
use std::ops::Range;

use corten_formats::device::BlockDevice;
use corten_formats::gpt::{self, Area, CopyError, Found, ReadError, SectorSize, Table, TableError};

/// Bytes of an entry that we write.
const ENTRY_BYTES: u64 = 128;
/// Where the partitions of an MBR start in its sector.
const MBR_PARTITIONS: usize = 446;
/// Where its signature ends.
const MBR_END: usize = 512;

/// Why a table of others is not written over, whatever is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Larger entries have something in them that we don't know.
    #[error("the entries of the table have {0} bytes, and only those of 128 can be rewritten")]
    Entries(u64),
    /// The array in force would not stay whole until the new one counts.
    #[error("the entry array at sectors {0:?} lies where the new one would be written, {1:?}")]
    Place(Range<u64>, Range<u64>),
    /// The checksum of the primary header is right, so what can't be read is no damage.
    #[error("the primary copy is whole, but not of a form that can be rewritten: {0} is {1}")]
    Form(&'static str, u64),
}

/// Whether the table that was found can be replaced.
pub(super) fn replaceable(found: &Found) -> Result<(), Foreign> {
    if let Some(CopyError::Bounds(what, value)) = &found.primary {
        return Err(Foreign::Form(what, *value));
    }
    if found.array.entry_bytes != ENTRY_BYTES {
        return Err(Foreign::Entries(found.array.entry_bytes));
    }
    let (old, next) = (&found.array.sectors, found.table.with_array_moved());
    let new = next.entries_lba..next.entries_lba.saturating_add(next.sector.array_sectors());
    // A damaged primary copy is first written anew at the place of ours.
    if found.primary.is_none() && old.start < new.end && new.start < old.end {
        return Err(Foreign::Place(old.clone(), new));
    }
    Ok(())
}

/// Why a table was not written, or can't be trusted to be.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk refused.
    #[error("writing the partition table: {0}")]
    Io(#[from] io::Error),
    /// The table in force is not ours to write over.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// The table is not valid.
    #[error("{0}")]
    Table(#[from] TableError),
    /// What was written is not what is read.
    #[error("the partition table was written, but reads back as another one")]
    Differs,
    /// What was written does not read at all.
    #[error("the partition table was written, but does not read back: {0}")]
    Read(#[from] ReadError),
}

/// Reads the table of a device.
pub fn find(device: &impl BlockDevice, sector: SectorSize) -> Result<Found, ReadError> {
    gpt::read(sector, device.size(), |at, buffer| device.read_at(at, buffer))
}

/// Replaces the table that was found by another one, and reads it back.
pub fn rewrite(device: &mut impl BlockDevice, found: &Found, table: &Table) -> Result<Found, WriteError> {
    replaceable(found)?;
    if found.primary.is_some() {
        let areas = found.table.areas()?;
        put(device, &areas.entries)?;
        device.flush()?;
        put(device, &areas.header)?;
        device.flush()?;
    }
    let table = Table { entries_lba: found.table.entries_lba, ..table.clone() }.with_array_moved();
    let areas = table.areas()?;
    for area in [&areas.entries, &areas.backup_entries, &areas.backup_header] {
        put(device, area)?;
    }
    protect(device, &areas.mbr)?;
    device.flush()?;
    put(device, &areas.header)?;
    device.flush()?;
    let found = find(device, table.sector)?;
    let same = found.table == table && found.primary.is_none() && found.backup.is_none();
    if same { Ok(found) } else { Err(WriteError::Differs) }
}

/// Makes the protective MBR cover the disk. What lies in front of its partitions is boot code and a signature of
/// others. Firmware that finds a torn MBR may not look for a table behind it, so it is only written where it has to be.
fn protect(device: &mut impl BlockDevice, mbr: &Area) -> io::Result<()> {
    let mut sector = vec![0; mbr.bytes.len()];
    device.read_at(mbr.offset, &mut sector)?;
    let before = sector.clone();
    for (byte, wanted) in
        sector.iter_mut().zip(&mbr.bytes).skip(MBR_PARTITIONS).take(MBR_END - MBR_PARTITIONS)
    {
        *byte = *wanted;
    }
    if sector == before { Ok(()) } else { device.write_at(mbr.offset, &sector) }
}

fn put(device: &mut impl BlockDevice, area: &Area) -> io::Result<()> {
    device.write_at(area.offset, &area.bytes)
}
