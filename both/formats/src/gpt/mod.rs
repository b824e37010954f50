//! The GUID partition table.
//!
//! Specification: UEFI 2.10, section 5.3; partition types of the Discoverable Partitions Specification.
//!
//! ```text
//! sector 0                 protective MBR
//! sector 1                 header
//! sector 2, or behind it   entry array, at first
//! 1 MiB                    partitions, each at a multiple of 1 MiB
//! end - 33 sectors         backup entry array
//! last sector              backup header
//! ```
//!
//! A header names the sector of its entry array, and the sectors up to the first MiB have room for two arrays.
//! So a table can be rewritten without a moment in which none is whole: the new array goes to the free place,
//! then the backup at the real end, a flush, and the one sector of the header commits. For that the parts of a
//! table are [`Areas`] of their own.

mod debug;
mod format;
mod guid;
mod layout;
mod reader;
mod table;
pub mod types;
mod writer;

pub use debug::dump;
pub use guid::{Guid, GuidError};
pub use layout::{LayoutError, Wish, layout};
pub use reader::{Array, CopyError, Found, ReadError, read};
pub use table::{Partition, SectorSize, Table, TableError};
pub use writer::{Area, Areas};
