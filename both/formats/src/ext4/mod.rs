//! The superblock of ext4, as far as telling goes whether a file system is there, whole and as large as it should
//! be. It is made, checked and grown by e2fsprogs, never written here.
//!
//! Specification: Documentation/filesystems/ext4/super.rst of Linux.
//!
//! ```text
//! byte 1024                 superblock, 1024 bytes
//! block 32768 (of 4 KiB)    its first backup, at the start of that block
//! ```

mod debug;
mod format;
mod reader;

pub use debug::dump;
pub use format::{BACKUP_BLOCK, BACKUP_OFFSET, LABEL, OFFSET, SIZE};
pub use reader::{Health, Journal, Superblock, SuperblockError};
