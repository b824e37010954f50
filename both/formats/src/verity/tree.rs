//! Arithmetic and hashing of the tree, shared by writer and reader.

use sha2::{Digest, Sha256};

use super::format::{DIGEST, PER_BLOCK};
use super::root_hash::RootHash;

/// Hash blocks of each level, the lowest level first, the top one (a single block) last. Empty for data of one
/// block.
pub fn levels(data_blocks: u64) -> Vec<u64> {
    let mut levels = Vec::new();
    let mut blocks = data_blocks;
    while blocks > 1 {
        blocks = blocks.div_ceil(PER_BLOCK as u64);
        levels.push(blocks);
    }
    levels
}

/// Hashes blocks: the state after the salt is kept, since every block starts with it.
#[derive(Clone)]
pub struct Hasher(Sha256);

impl Hasher {
    pub fn new(salt: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(salt))
    }

    pub fn block(&self, block: &[u8]) -> [u8; DIGEST] {
        self.0.clone().chain_update(block).finalize().into()
    }

    pub fn root(&self, block: &[u8]) -> RootHash {
        RootHash(self.block(block))
    }
}
