//! A hash device as text, for people and snapshots.

use std::fmt::Write as _;

use super::format::BLOCK;
use super::reader::{Superblock, SuperblockError};
use super::tree::{Hasher, levels};

/// The superblock and the levels with their places, from the top level down, each with the hash of its first
/// block. For the top level that is the root hash.
pub fn dump(hash_image: &[u8]) -> Result<String, SuperblockError> {
    let superblock = Superblock::parse(hash_image)?;
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let mut out = String::new();
    let _ = writeln!(out, "uuid {}", hex(&superblock.uuid));
    let _ = writeln!(out, "salt {}", hex(&superblock.salt));
    let _ = writeln!(out, "data {} blocks, {} bytes", superblock.data_blocks, superblock.data_size());
    let _ = writeln!(out, "hash {} bytes", superblock.hash_size());
    let hasher = Hasher::new(&superblock.salt);
    let mut at = BLOCK;
    for (depth, blocks) in levels(superblock.data_blocks).into_iter().enumerate().rev() {
        let _ = write!(out, "level {depth} at block {}, {blocks} blocks, first ", at / BLOCK);
        let first = hash_image.get(at..at + BLOCK);
        let _ = match first {
            Some(block) => writeln!(out, "{}", hasher.root(block)),
            None => writeln!(out, "is missing"),
        };
        at = at.saturating_add((blocks as usize).saturating_mul(BLOCK));
    }
    Ok(out)
}
