//! Writes a table over the one in force, so that after a loss of power at any moment the old or the new one is found.
//!
//! The new entry array goes to the place that is not in use, the backup to the end of the disk; after a flush, the
//! one sector of the primary header commits. Where the primary copy is damaged the backup is all there is, so the
//! primary copy is made whole first.

use std::io;

use corten_formats::fat::BlockDevice;
use corten_formats::gpt::{self, Area, Found, ReadError, SectorSize, Table, TableError};

/// Where the partitions of an MBR start in its sector.
const MBR_PARTITIONS: usize = 446;
/// Where its signature ends.
const MBR_END: usize = 512;

/// Why a table was not written, or can't be trusted to be.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk refused.
    #[error("writing the partition table: {0}")]
    Io(#[from] io::Error),
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
