//! A partition table as data, and what makes one valid.

use std::collections::BTreeMap;
use std::ops::Range;

use super::format::{ENTRIES, ENTRIES_LBA, ENTRY, HEADER_LBA, LABEL};
use super::guid::Guid;

/// Bytes of a logical sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectorSize {
    /// 512 bytes: nearly every disk, and every image.
    S512,
    /// 4096 bytes: disks without emulation of the smaller size.
    S4096,
}

impl SectorSize {
    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::S512 => 512,
            Self::S4096 => 4096,
        }
    }

    /// The size with that many bytes, as block devices tell it.
    pub const fn from_bytes(bytes: u64) -> Option<Self> {
        match bytes {
            512 => Some(Self::S512),
            4096 => Some(Self::S4096),
            _ => None,
        }
    }

    /// The size that it is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::S512 => Self::S4096,
            Self::S4096 => Self::S512,
        }
    }

    /// Sectors of an entry array of our size: 16 KiB.
    pub const fn array_sectors(self) -> u64 {
        (ENTRIES as u64 * ENTRY as u64) / self.bytes()
    }
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Type.
    pub kind: Guid,
    /// PARTUUID.
    pub guid: Guid,
    /// PARTLABEL, 36 UTF-16 units at most.
    pub label: String,
    /// Attribute bits.
    pub attributes: u64,
    /// First sector.
    pub first: u64,
    /// Last sector, which belongs to the partition.
    pub last: u64,
}

/// A partition table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Sector size that all places are counted in.
    pub sector: SectorSize,
    /// GUID of the disk.
    pub disk_guid: Guid,
    /// Sectors of the disk; the last one has the backup header.
    pub disk_sectors: u64,
    /// First sector that a partition may use.
    pub first_usable: u64,
    /// First sector of the primary entry array.
    pub entries_lba: u64,
    /// Partitions by number, counted from 1.
    pub partitions: BTreeMap<u32, Partition>,
}

/// Why a table is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The number is 0 or above 128.
    #[error("partition {0} does not exist in a table of {ENTRIES} entries")]
    Number(u32),
    /// The label is too long.
    #[error("label {0:?} of a partition is longer than {LABEL} UTF-16 units")]
    Label(String),
    /// A type of zeros means an unused entry.
    #[error("partition {0} has no type")]
    Kind(u32),
    /// The partition ends before it starts, or reaches out of what partitions may use.
    #[error("partition {number} has sectors {first} to {last}: expected a range within {usable:?}")]
    Outside {
        /// The partition.
        number: u32,
        /// Its first sector.
        first: u64,
        /// Its last sector.
        last: u64,
        /// Sectors that partitions may use, the end excluded.
        usable: Range<u64>,
    },
    /// Two partitions share sectors.
    #[error("partitions {0} and {1} overlap")]
    Overlap(u32, u32),
    /// Two partitions have the same PARTUUID.
    #[error("partitions {0} and {1} have the same GUID")]
    Twice(u32, u32),
    /// The entry array lies in the header, in a partition or in the backup.
    #[error("entry array at sector {0} overlaps something else")]
    Entries(u64),
    /// The disk has no room for the table itself, or the first sector for partitions leaves none.
    #[error(
        "disk of {disk_sectors} sectors is too small for a partition table from sector {first_usable} on"
    )]
    Disk {
        /// Sectors of the disk.
        disk_sectors: u64,
        /// First sector that partitions may use.
        first_usable: u64,
    },
}

impl Table {
    /// An empty table for a disk of that many sectors. Partitions may start from 1 MiB on, which leaves room for
    /// two entry arrays before.
    pub fn new(sector: SectorSize, disk_guid: Guid, disk_sectors: u64) -> Self {
        let first_usable = super::layout::ALIGN / sector.bytes();
        let partitions = BTreeMap::new();
        Self { sector, disk_guid, disk_sectors, first_usable, entries_lba: ENTRIES_LBA, partitions }
    }

    /// Sectors that partitions may use; empty where the disk is too small.
    pub fn usable(&self) -> Range<u64> {
        self.first_usable..self.disk_sectors.saturating_sub(1 + self.sector.array_sectors())
    }

    /// Where a partition lies, in bytes; `None` where there is none of that number.
    pub fn bytes(&self, number: u32) -> Option<Range<u64>> {
        let sector = self.sector.bytes();
        let partition = self.partitions.get(&number)?;
        let end = partition.last.checked_add(1)?.checked_mul(sector)?;
        Some(partition.first.checked_mul(sector)?..end)
    }

    /// The same table with its primary entry array in the other of the two places before the first partition:
    /// what a rewrite makes, so that the array in force stays whole until the header commits the new one.
    #[must_use]
    pub fn with_array_moved(&self) -> Self {
        let second = ENTRIES_LBA + self.sector.array_sectors();
        let entries_lba = if self.entries_lba < second { second } else { ENTRIES_LBA };
        Self { entries_lba, ..self.clone() }
    }

    /// Checks everything that a table has to fulfil.
    pub fn check(&self) -> Result<(), TableError> {
        let usable = self.usable();
        if usable.is_empty() || self.first_usable <= HEADER_LBA {
            let (disk_sectors, first_usable) = (self.disk_sectors, self.first_usable);
            return Err(TableError::Disk { disk_sectors, first_usable });
        }
        let mut guids = BTreeMap::new();
        for (number, partition) in &self.partitions {
            let Partition { kind, guid, label, .. } = partition;
            if !(1..=ENTRIES).contains(number) {
                return Err(TableError::Number(*number));
            }
            if label.encode_utf16().count() > LABEL {
                return Err(TableError::Label(label.clone()));
            }
            if *kind == Guid::NIL {
                return Err(TableError::Kind(*number));
            }
            if let Some(other) = guids.insert(guid, *number) {
                return Err(TableError::Twice(other, *number));
            }
        }
        let array = self.entries_lba..self.entries_lba.saturating_add(self.sector.array_sectors());
        self.check_places(usable, array)
    }

    /// Checks that the entry array and the partitions lie where they may and nothing overlaps.
    pub(super) fn check_places(&self, usable: Range<u64>, array: Range<u64>) -> Result<(), TableError> {
        let in_partition =
            |partition: &Partition| partition.first < array.end && array.start <= partition.last;
        if array.start <= HEADER_LBA || array.end > usable.end || self.partitions.values().any(in_partition) {
            return Err(TableError::Entries(array.start));
        }
        for (number, Partition { first, last, .. }) in &self.partitions {
            if first > last || *first < usable.start || *last >= usable.end {
                return Err(TableError::Outside { number: *number, first: *first, last: *last, usable });
            }
        }
        let mut order: Vec<_> =
            self.partitions.iter().map(|(n, partition)| (partition.first, partition.last, *n)).collect();
        order.sort_unstable();
        match order.windows(2).find(|pair| pair[1].0 <= pair[0].1) {
            Some(pair) => Err(TableError::Overlap(pair[0].2, pair[1].2)),
            None => Ok(()),
        }
    }
}
