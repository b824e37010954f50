//! FAT32, the file system of the EFI system partition, written so that a power cut harms nothing.
//!
//! The one FAT code of Corten: the builder makes the ESP with it, the node changes the live ESP with it, and the
//! simulation of power cuts runs it on a device that loses writes. A kernel mount would hide the order of
//! writes, and FAT has no journal, so the order is the whole safety:
//!
//! ```text
//! write   data, chain in both tables │flush│ one directory sector │flush│ free-cluster hint
//! remove  one directory sector       │flush│ chain in both tables │flush│ free-cluster hint
//! rename  one directory sector       │flush│
//! ```
//!
//! Everything before the directory sector is invisible: a cut there leaves clusters that nobody owns, and
//! [`Writer::open`] takes them back. The directory sector itself is 512 bytes, which a disk writes whole or not
//! at all. So that one sector is enough, all slots of an entry (long name and short entry, 16 at most) are placed
//! inside one 512-byte sector, and slots that this skips are marked as deleted. Names are therefore limited to
//! 195 characters. No file is ever overwritten in place.
//!
//! A rename whose longer name does not fit into the sector of the old one takes two steps, the new entry and then
//! the removal of the old one, each followed by a flush. Between them two entries own one chain. Both read
//! right. The new entry always stands after the old one, and [`Writer::open`] removes the earlier of two such
//! twins, so the rename is complete after it. An empty file has no chain by which twins could be told, so there a
//! cut may leave both names, unless they differ in case only.
//!
//! Specification: Microsoft, "FAT: General Overview of On-Disk Format", 1.03; UEFI 2.10, 13.3.

mod boot;
mod check;
mod directory;
mod dump;
mod error;
mod format;
mod name;
mod place;
mod reader;
mod reclaim;
mod slot;
mod table;
mod time;
mod writer;

pub use check::{Finding, Report, Severity};
pub use error::{FatError, NameError};
pub use format::{FormatOptions, format};
pub use reader::{Entry, EntryKind, Volume};
pub use reclaim::Reclaimed;
pub use time::Timestamp;
pub use writer::Writer;
