//! Decides where partitions lie on a new disk and how large the disk has to be.

use super::guid::Guid;
use super::table::{Partition, SectorSize, Table, TableError};

/// Partitions start and end at multiples of this many bytes, the disk as well. It is what all partitioning tools
/// do, a multiple of every erase block and stripe that matters, and the same on disks of both sector sizes.
pub const ALIGN: u64 = 1 << 20;

/// A partition as it is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Type.
    pub kind: Guid,
    /// PARTUUID.
    pub guid: Guid,
    /// PARTLABEL.
    pub label: String,
    /// Attribute bits.
    pub attributes: u64,
    /// Bytes of the partition; rounded up to 1 MiB.
    pub size: u64,
    /// Bytes that will be written into it.
    pub content: u64,
}

/// Why wishes can't be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// More content than the partition holds.
    #[error("partition {label:?} has {size} bytes, but its content has {content}")]
    Content {
        /// The partition.
        label: String,
        /// Bytes of the partition.
        size: u64,
        /// Bytes of its content.
        content: u64,
    },
    /// A partition of no size.
    #[error("partition {0:?} has no size")]
    Empty(String),
    /// Sizes add up to more than can be counted.
    #[error("partitions up to {0:?} are larger than any disk")]
    Large(String),
    /// The table would not be valid.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Partitions in the order of the wishes, one behind the other from 1 MiB on; behind the last one is one more
/// MiB for the backup. Where a partition lies is [`Table::bytes`].
pub fn layout(sector: SectorSize, disk_guid: Guid, wishes: &[Wish]) -> Result<Table, LayoutError> {
    let mut table = Table::new(sector, disk_guid, 0);
    let mut at = ALIGN;
    for (number, wish) in (1..).zip(wishes) {
        let Wish { kind, guid, label, attributes, size, content } = wish.clone();
        if size == 0 {
            return Err(LayoutError::Empty(label));
        }
        if content > size {
            return Err(LayoutError::Content { label, size, content });
        }
        // One MiB is kept below the limit so that the backup fits behind.
        let end = size.checked_next_multiple_of(ALIGN).and_then(|size| at.checked_add(size));
        let Some(end) = end.filter(|end| *end < u64::MAX - ALIGN) else {
            return Err(LayoutError::Large(label));
        };
        let (first, last) = (at / sector.bytes(), end / sector.bytes() - 1);
        table.partitions.insert(number, Partition { kind, guid, label, attributes, first, last });
        at = end;
    }
    table.disk_sectors = (at + ALIGN) / sector.bytes();
    table.check()?;
    Ok(table)
}
