//! Looks at every block of a root image and of its tree, in memory that does not grow with them.
//!
//! dm-verity checks a block when it is read, so damage in one that nobody reads stays unseen until it is needed. This
//! reads them all, from the top of the tree down, and names each bad one. Below a bad hash block nothing can be told
//! from anything, so what it covers is only counted as not checked.

use std::io;

use super::format::{BLOCK, DIGEST, PER_BLOCK};
use super::reader::{HEAD, Mismatch, Superblock, check_top_block};
use super::root_hash::RootHash;
use super::tree::{Hasher, levels};

/// Reads a stretch of a device from an offset.
pub type ReadAt<'a> = &'a dyn Fn(u64, &mut [u8]) -> io::Result<()>;

/// A block that is not what it should be, or that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Of the tree, counted from the start of the hash device.
    Hash(u64),
    /// Of the data.
    Data(u64),
}

impl std::fmt::Display for Bad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hash(block) => write!(f, "hash block {block}"),
            Self::Data(block) => write!(f, "data block {block}"),
        }
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Blocks that were compared with their hashes, those of the tree included.
    pub blocks: u64,
    /// How many of these are bad.
    pub bad: u64,
    /// Data blocks below a bad hash block.
    pub not_checked: u64,
}

/// Why nothing was looked at.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// The start of the hash device can't be read.
    #[error("the start of the hash device: {0}")]
    Read(#[from] io::Error),
    /// It does not belong to the root hash.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// Compares all blocks with their hashes. Each bad one is handed to the sink, in the order of the data.
pub fn scrub(
    data: ReadAt<'_>,
    tree: ReadAt<'_>,
    root_hash: &RootHash,
    sink: &mut dyn FnMut(Bad),
) -> Result<Scrubbed, ScrubError> {
    let mut head = vec![0; HEAD];
    tree(0, &mut head)?;
    let superblock = check_top_block(&head, root_hash)?;
    let places = places(&superblock);
    let mut scrub = Scrub {
        data,
        tree,
        hasher: Hasher::new(&superblock.salt),
        data_blocks: superblock.data_blocks,
        places,
        sink,
        done: Scrubbed { blocks: 1, ..Scrubbed::default() },
    };
    scrub.below(scrub.places.len(), 0, &head[BLOCK..]);
    Ok(scrub.done)
}

/// First block and number of blocks of each level in the hash device, the lowest level first.
fn places(superblock: &Superblock) -> Vec<(u64, u64)> {
    let levels = levels(superblock.data_blocks);
    let mut start = 1;
    let mut places: Vec<_> = levels
        .iter()
        .rev()
        .map(|blocks| {
            let place = (start, *blocks);
            start += blocks;
            place
        })
        .collect();
    places.reverse();
    places
}

struct Scrub<'a> {
    data: ReadAt<'a>,
    tree: ReadAt<'a>,
    hasher: Hasher,
    data_blocks: u64,
    places: Vec<(u64, u64)>,
    sink: &'a mut dyn FnMut(Bad),
    done: Scrubbed,
}

impl Scrub<'_> {
    /// Looks at what a good hash block covers. Height 1 is the lowest level of the tree, above the data; there are
    /// five levels at most.
    fn below(&mut self, height: usize, index: u64, hashes: &[u8]) {
        let lower = height.checked_sub(2).and_then(|level| self.places.get(level).copied());
        let (first, count) = lower.unwrap_or((0, self.data_blocks));
        let start = index * PER_BLOCK as u64;
        let number = count.saturating_sub(start).min(PER_BLOCK as u64) as usize;
        let read = if lower.is_some() { self.tree } else { self.data };
        let mut blocks = vec![0; number * BLOCK];
        let whole = read((first + start) * BLOCK as u64, &mut blocks).is_ok();
        for (at, (block, hash)) in blocks.chunks_exact_mut(BLOCK).zip(hashes.chunks_exact(DIGEST)).enumerate()
        {
            let child = start + at as u64;
            // One sector that can't be read must not hide the blocks beside it.
            let there = whole || read((first + child) * BLOCK as u64, block).is_ok();
            self.done.blocks += 1;
            let good = there && self.hasher.block(block) == *hash;
            match (lower, good) {
                (None, true) => {}
                (None, false) => self.bad(Bad::Data(child)),
                (Some(_), true) => self.below(height - 1, child, block),
                (Some(_), false) => {
                    self.bad(Bad::Hash(first + child));
                    self.done.not_checked += self.covered(height - 1, child);
                }
            }
        }
    }

    fn bad(&mut self, block: Bad) {
        self.done.bad += 1;
        (self.sink)(block);
    }

    /// Data blocks below a hash block.
    fn covered(&self, height: usize, index: u64) -> u64 {
        let each = (PER_BLOCK as u64).saturating_pow(height as u32);
        self.data_blocks.saturating_sub(index.saturating_mul(each)).min(each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verity::format;
    use proptest::prelude::*;

    fn of(bytes: &[u8]) -> impl Fn(u64, &mut [u8]) -> io::Result<()> {
        move |at, buffer| {
            let range = at as usize..at as usize + buffer.len();
            buffer.copy_from_slice(bytes.get(range).ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }
    }

    fn image(blocks: usize) -> Vec<u8> {
        (0..blocks * BLOCK).map(|at| (at / BLOCK * 7 + at) as u8).collect()
    }

    fn all(data: &[u8], tree: &[u8], root_hash: &RootHash) -> (Scrubbed, Vec<Bad>) {
        let mut bad = Vec::new();
        let done = scrub(&of(data), &of(tree), root_hash, &mut |block| bad.push(block)).expect("a tree");
        (done, bad)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn each_bad_data_block_is_named_and_no_other(
            blocks in 2..300usize,
            wrong in prop::collection::btree_set((0..300usize, 0..BLOCK), 0..5),
        ) {
            let mut data = image(blocks);
            let verity = format(&data, b"salt", [3; 16]).expect("whole blocks");
            let wrong: std::collections::BTreeSet<_> = wrong.into_iter().filter(|(at, _)| *at < blocks).collect();
            for (block, byte) in &wrong {
                data[block * BLOCK + byte] ^= 1;
            }
            let expected: std::collections::BTreeSet<_> = wrong.iter().map(|(at, _)| *at as u64).collect();
            let (done, bad) = all(&data, &verity.hash_image, &verity.root_hash);
            prop_assert_eq!(bad, expected.iter().map(|at| Bad::Data(*at)).collect::<Vec<_>>());
            prop_assert_eq!(done.blocks as usize, blocks + verity.hash_image.len() / BLOCK - 1);
            prop_assert_eq!((done.bad, done.not_checked), (expected.len() as u64, 0));
        }

        #[test]
        fn a_bad_hash_block_is_named_and_what_it_covers_is_counted(blocks in 129..300usize, byte in 0..BLOCK) {
            let data = image(blocks);
            let verity = format(&data, b"", [3; 16]).expect("whole blocks");
            let mut tree = verity.hash_image;
            // The last block of the tree is of its lowest level.
            let last = tree.len() / BLOCK - 1;
            tree[last * BLOCK + byte] ^= 1;
            let (done, bad) = all(&data, &tree, &verity.root_hash);
            prop_assert_eq!(bad, [Bad::Hash(last as u64)]);
            let covered = blocks - (last - 2) * PER_BLOCK;
            prop_assert_eq!(done.not_checked as usize, covered);
            prop_assert_eq!(done.blocks as usize, last + blocks - covered);
        }
    }

    #[test]
    fn blocks_that_cannot_be_read_are_bad_and_their_neighbours_are_not() {
        let data = image(200);
        let verity = format(&data, b"s", [3; 16]).expect("whole blocks");
        let read = of(&data);
        let failing = |at: u64, buffer: &mut [u8]| {
            let hole = 150 * BLOCK as u64;
            if at <= hole && hole < at + buffer.len() as u64 {
                return Err(io::Error::other("unreadable sector"));
            }
            read(at, buffer)
        };
        let mut bad = Vec::new();
        let done = scrub(&failing, &of(&verity.hash_image), &verity.root_hash, &mut |block| bad.push(block));
        assert_eq!(bad, [Bad::Data(150)]);
        assert_eq!(done.expect("a tree"), Scrubbed { blocks: 203, bad: 1, not_checked: 0 });
    }

    #[test]
    fn a_tree_of_another_root_is_refused() {
        let data = image(3);
        let verity = format(&data, b"s", [3; 16]).expect("whole blocks");
        let other = scrub(&of(&data), &of(&verity.hash_image), &RootHash([1; 32]), &mut |_| ());
        assert!(matches!(other, Err(ScrubError::Mismatch(Mismatch::Root { .. }))));
    }
}
