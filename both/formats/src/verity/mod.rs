//! dm-verity: a tree of hashes that lets the kernel check every block of a root image when it is read.
//!
//! Specification: `Documentation/admin-guide/device-mapper/verity.rst` of the Linux source, and the on-disk
//! superblock of the cryptsetup project. Version 1, hash type 1, SHA-256, blocks of 4096 bytes.
//!
//! ```text
//! block 0      superblock
//! block 1      top level: one block, whose hash is the root hash
//! ...          next level
//! ...          lowest level: hashes of the data blocks, 128 a block
//! ```
//!
//! A hash is SHA-256 of salt and block. Data of a single block has no hash blocks at all: its own hash is the
//! root hash, and so [`check_top_block`] can't tell whether a hash device belongs to it.

mod debug;
mod format;
mod reader;
mod root_hash;
mod scrub;
mod table;
mod tree;
mod writer;

pub use debug::dump;
pub use format::{BLOCK, SUPERBLOCK};
pub use reader::{HEAD, Mismatch, Superblock, SuperblockError, check_top_block, verify};
pub use root_hash::{RootHash, RootHashError};
pub use scrub::{Bad, ReadAt, ScrubError, Scrubbed, scrub};
pub use table::table_params;
pub use writer::{FormatError, Verity, format};
