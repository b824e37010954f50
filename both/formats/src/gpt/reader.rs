//! Reads the table of a disk, from its backup where the primary copy is damaged.
//!
//! Stage 1 of init runs this on whatever lies on a disk, so nothing here trusts the bytes.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use zerocopy::FromBytes;

use super::format::{
    ENTRIES, ENTRIES_LBA, ENTRY, HEADER, HEADER_LBA, REVISION, RawEntry, RawHeader, SIGNATURE, header_crc,
};
use super::guid::Guid;
use super::table::{Partition, SectorSize, Table, TableError};

/// A table that was found, and what is wrong with either copy of it.
#[derive(Debug)]
pub struct Found {
    /// The primary copy if it is good, else the backup. Of a backup, `entries_lba` is the place right behind the
    /// header.
    pub table: Table,
    /// The form in which its entries lie on the disk.
    pub array: Array,
    /// Why the primary copy was not used.
    pub primary: Option<CopyError>,
    /// What is wrong with the backup.
    pub backup: Option<CopyError>,
}

/// An entry array as it lies on the disk. Ours has 128 entries of 128 bytes each, others need not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// Bytes of an entry.
    pub entry_bytes: u64,
    /// Sectors of the array of the copy that was used.
    pub sectors: Range<u64>,
}

/// What is wrong with a copy of a table.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The disk can't be read there.
    #[error("it can't be read: {0}")]
    Read(#[from] io::Error),
    /// The disk is smaller than a table.
    #[error("the disk has only {0} sectors")]
    Small(u64),
    /// No header.
    #[error("the signature is missing")]
    Signature,
    /// A revision or header size that we don't know.
    #[error("revision {revision:#x} with a header of {size} bytes is not known")]
    Revision {
        /// The revision.
        revision: u32,
        /// Bytes of the header.
        size: u32,
    },
    /// The header is damaged.
    #[error("the checksum of the header is wrong")]
    HeaderCrc,
    /// The entry array is damaged.
    #[error("the checksum of the entry array is wrong")]
    EntriesCrc,
    /// The header says that it lies elsewhere.
    #[error("the header says that it is at sector {found}, but it is at {expected}")]
    Place {
        /// What it says.
        found: u64,
        /// Where it lies.
        expected: u64,
    },
    /// The disk was larger when the table was written.
    #[error("it is for a disk of {table} sectors, but this one has {disk}")]
    Shrunk {
        /// Sectors of the disk that the table is for.
        table: u64,
        /// Sectors of this disk.
        disk: u64,
    },
    /// A size or place is out of bounds: which one, and its value.
    #[error("{0} is {1}, which is out of bounds")]
    Bounds(&'static str, u64),
    /// The partitions are not valid.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The backup is a good table, but another one than the primary copy.
    #[error("it differs from the primary copy")]
    Differs,
}

/// No copy of a table is good.
#[derive(Debug, thiserror::Error)]
#[error("no partition table: primary copy: {primary}; backup: {backup}")]
pub struct ReadError {
    /// What is wrong with the primary copy.
    pub primary: CopyError,
    /// What is wrong with the backup.
    pub backup: CopyError,
}

/// Reads the table of a disk of that many bytes. `read` fills a buffer from an offset of the disk.
///
/// The backup is looked for where the primary copy says, even where that is damaged, else in the last sector. On a
/// disk that has grown, [`Table::disk_sectors`] is still the old size.
pub fn read(
    sector: SectorSize,
    disk_bytes: u64,
    mut read: impl FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> Result<Found, ReadError> {
    let mut disk = Disk { sector, sectors: disk_bytes / sector.bytes(), read: &mut read };
    let primary = disk.copy(HEADER_LBA);
    let last = disk.sectors.saturating_sub(1);
    let backup = match &primary {
        Ok((table, _)) => disk.copy(table.disk_sectors.saturating_sub(1)),
        // The backup is found in the last sector, or where the damaged primary header says, whose checksum is not
        // asked for that: what lies there proves itself. So on a disk that has grown it is found as long as those
        // eight bytes are whole, and not when they are lost, or the sector can't be read: nothing else tells the old
        // size of the disk.
        Err(_) => match disk.copy(last) {
            Ok(copy) => Ok(copy),
            Err(why) => disk.alternate().and_then(|lba| disk.copy(lba).ok()).ok_or(why),
        },
    };
    match (primary, backup) {
        (Ok((table, array)), Ok((backup, _))) => {
            let same = Table { entries_lba: table.entries_lba, ..backup } == table;
            Ok(Found { table, array, primary: None, backup: (!same).then_some(CopyError::Differs) })
        }
        (Ok((table, array)), Err(why)) => Ok(Found { table, array, primary: None, backup: Some(why) }),
        (Err(why), Ok((table, array))) => Ok(Found { table, array, primary: Some(why), backup: None }),
        (Err(primary), Err(backup)) => Err(ReadError { primary, backup }),
    }
}

struct Disk<'a> {
    sector: SectorSize,
    sectors: u64,
    read: &'a mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
}

impl Disk<'_> {
    fn read(&mut self, lba: u64, bytes: usize) -> Result<Vec<u8>, CopyError> {
        let mut buffer = vec![0; bytes];
        (self.read)(lba * self.sector.bytes(), &mut buffer)?;
        Ok(buffer)
    }

    /// Where a damaged primary header says that the backup is.
    fn alternate(&mut self) -> Option<u64> {
        let bytes = self.read(HEADER_LBA, self.sector.bytes() as usize).ok()?;
        let (raw, _) = RawHeader::ref_from_prefix(&bytes).ok()?;
        let lba = raw.alternate_lba.get();
        (lba > HEADER_LBA && lba < self.sectors).then_some(lba)
    }

    /// The copy of the table whose header lies there.
    fn copy(&mut self, lba: u64) -> Result<(Table, Array), CopyError> {
        if lba < HEADER_LBA || lba >= self.sectors {
            return Err(CopyError::Small(self.sectors));
        }
        let bytes = self.read(lba, self.sector.bytes() as usize)?;
        let header = header(&bytes, lba)?;
        let (my, other) = (header.my_lba.get(), header.alternate_lba.get());
        let last = if lba == HEADER_LBA { other } else { my };
        if lba == HEADER_LBA && last >= self.sectors {
            return Err(CopyError::Shrunk { table: last.saturating_add(1), disk: self.sectors });
        }
        if last >= self.sectors || (lba != HEADER_LBA && other != HEADER_LBA) {
            return Err(CopyError::Bounds("the sector of the other header", other));
        }
        let (count, size) = (header.entries.get(), header.entry_size.get() as usize);
        if !(1..=ENTRIES).contains(&count) {
            return Err(CopyError::Bounds("the number of entries", count.into()));
        }
        if !(ENTRY..=4096).contains(&size) || !size.is_power_of_two() {
            return Err(CopyError::Bounds("the size of an entry", size as u64));
        }
        let entries_lba = header.entries_lba.get();
        let array_bytes = count as usize * size;
        let array_end = entries_lba.checked_add((array_bytes as u64).div_ceil(self.sector.bytes()));
        let Some(array_end) = array_end.filter(|end| *end <= self.sectors && entries_lba > HEADER_LBA) else {
            return Err(CopyError::Bounds("the sector of the entry array", entries_lba));
        };
        let (first_usable, last_usable) = (header.first_usable.get(), header.last_usable.get());
        if first_usable <= HEADER_LBA {
            return Err(CopyError::Bounds("the first usable sector", first_usable));
        }
        if last_usable >= last {
            return Err(CopyError::Bounds("the last usable sector", last_usable));
        }
        let array = self.read(entries_lba, array_bytes)?;
        if crc32fast::hash(&array) != header.entries_crc.get() {
            return Err(CopyError::EntriesCrc);
        }
        let table = Table {
            sector: self.sector,
            disk_guid: Guid::from_disk(header.disk_guid),
            disk_sectors: last + 1,
            first_usable,
            entries_lba: if lba == HEADER_LBA { entries_lba } else { ENTRIES_LBA },
            partitions: partitions(&array, size),
        };
        // The backup array is behind what partitions may use, so its place is no part of this check.
        let sectors = entries_lba..array_end;
        let places = if lba == HEADER_LBA { sectors.clone() } else { HEADER_LBA + 1..HEADER_LBA + 1 };
        table.check_places(first_usable..last_usable + 1, places)?;
        Ok((table, Array { entry_bytes: size as u64, sectors }))
    }
}

/// The header in a sector, its checksum and place verified.
fn header(sector: &[u8], lba: u64) -> Result<&RawHeader, CopyError> {
    let (raw, _) = RawHeader::ref_from_prefix(sector).map_err(|_| CopyError::Signature)?;
    if raw.signature != SIGNATURE {
        return Err(CopyError::Signature);
    }
    let (revision, size) = (raw.revision.get(), raw.size.get());
    let whole = sector.get(..size as usize).filter(|whole| whole.len() >= HEADER && revision == REVISION);
    let whole = whole.ok_or(CopyError::Revision { revision, size })?;
    if header_crc(whole) != raw.crc.get() {
        return Err(CopyError::HeaderCrc);
    }
    match raw.my_lba.get() {
        found if found != lba => Err(CopyError::Place { found, expected: lba }),
        _ => Ok(raw),
    }
}

fn partitions(array: &[u8], size: usize) -> BTreeMap<u32, Partition> {
    let mut partitions = BTreeMap::new();
    for (number, bytes) in (1..).zip(array.chunks_exact(size)) {
        let Ok((raw, _)) = RawEntry::ref_from_prefix(bytes) else { continue };
        let kind = Guid::from_disk(raw.kind);
        if kind == Guid::NIL {
            continue;
        }
        let units: Vec<u16> = raw.label.iter().map(|unit| unit.get()).take_while(|unit| *unit != 0).collect();
        let label = String::from_utf16_lossy(&units);
        let guid = Guid::from_disk(raw.guid);
        let (attributes, first, last) = (raw.attributes.get(), raw.first.get(), raw.last.get());
        partitions.insert(number, Partition { kind, guid, label, attributes, first, last });
    }
    partitions
}
