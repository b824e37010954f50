//! Where inodes stand: the space of metadata, from behind the superblock on.
//!
//! A record of at most a block lies inside one block, since the kernel wants the inline tail of a file in one
//! block with its start. Larger ones begin a block. What stays free at the end of blocks is given to the smallest
//! gap that a later record fits into.

use std::collections::BTreeSet;

use crate::erofs::format::{BLOCK, SLOT};

/// Gives out room for inodes.
#[derive(Debug)]
pub struct MetadataSpace {
    /// Gaps as length and offset.
    gaps: BTreeSet<(usize, usize)>,
    end: usize,
}

impl MetadataSpace {
    /// The first block is taken up to `reserved`.
    pub fn new(reserved: usize) -> Self {
        let mut space = Self { gaps: BTreeSet::new(), end: BLOCK };
        space.give_back(reserved.next_multiple_of(SLOT), BLOCK);
        space
    }

    /// Offset for a record of so many bytes.
    pub fn take(&mut self, bytes: usize) -> usize {
        let bytes = bytes.next_multiple_of(SLOT);
        let gap = self.gaps.range((bytes, 0)..).next().copied().filter(|_| bytes <= BLOCK);
        if let Some((length, start)) = gap {
            self.gaps.remove(&(length, start));
            self.give_back(start + bytes, start + length);
            return start;
        }
        let start = self.end;
        self.end = (start + bytes).next_multiple_of(BLOCK);
        self.give_back(start + bytes, self.end);
        start
    }

    /// Blocks in use, the first one included.
    pub fn blocks(&self) -> usize {
        self.end / BLOCK
    }

    fn give_back(&mut self, start: usize, end: usize) {
        if start < end {
            self.gaps.insert((end - start, start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_are_apart_aligned_and_small_ones_within_a_block(sizes in prop::collection::vec(1usize..9000, 0..200)) {
            let mut space = MetadataSpace::new(1188);
            let mut taken: Vec<(usize, usize)> = vec![(0, 1188)];
            for size in sizes {
                let at = space.take(size);
                prop_assert_eq!(at % SLOT, 0);
                if size <= BLOCK {
                    prop_assert_eq!(at / BLOCK, (at + size - 1) / BLOCK);
                }
                prop_assert!(at + size <= space.blocks() * BLOCK);
                taken.push((at, at + size));
            }
            taken.sort_unstable();
            prop_assert!(taken.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        }
    }

    #[test]
    fn gaps_are_filled() {
        let mut space = MetadataSpace::new(1024);
        assert_eq!(space.take(3500), BLOCK);
        assert_eq!(space.take(500), BLOCK + 3520);
        assert_eq!(space.take(3000), 1024);
        assert_eq!(space.blocks(), 2);
    }
}
