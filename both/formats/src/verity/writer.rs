//! Computes the hash tree of a root image.

use rayon::prelude::*;
use zerocopy::IntoBytes;

use super::format::{
    BLOCK, DIGEST, HASH_TYPE, MAX_BLOCKS, MAX_SALT, PER_BLOCK, Raw, SIGNATURE, VERSION, algorithm,
};
use super::root_hash::RootHash;
use super::tree::{Hasher, levels};

/// The hash tree of some data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verity {
    /// Content of the hash partition: superblock, then the levels from the top one down. Whole blocks.
    pub hash_image: Vec<u8>,
    /// Root of the tree.
    pub root_hash: RootHash,
}

/// What can't get a hash tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The data is empty or does not end with a whole block.
    #[error("dm-verity data has {0} bytes: expected a multiple of {BLOCK}, one block at least")]
    Data(usize),
    /// More data than [`MAX_BLOCKS`].
    #[error("dm-verity data has {0} bytes: 16 TiB at most")]
    Large(usize),
    /// The superblock has no room for the salt.
    #[error("dm-verity salt has {0} bytes: {MAX_SALT} at most")]
    Salt(usize),
}

/// Hash blocks that one task of the pool fills: 2 MiB of data, so that a slot gives enough tasks for every core
/// and scheduling costs nothing beside the hashing.
const TASK: usize = 4;

/// The hash tree of the data, the same bytes as `veritysetup format` writes for this salt and UUID.
///
/// The UUID is in the order in which it is read as text.
pub fn format(data: &[u8], salt: &[u8], uuid: [u8; 16]) -> Result<Verity, FormatError> {
    if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
        return Err(FormatError::Data(data.len()));
    }
    let data_blocks = (data.len() / BLOCK) as u64;
    if data_blocks > MAX_BLOCKS {
        return Err(FormatError::Large(data.len()));
    }
    let superblock = superblock(data_blocks, salt, uuid)?;
    let hasher = Hasher::new(salt);
    let levels = levels(data_blocks);
    let hash_blocks = levels.iter().sum::<u64>() as usize;
    let mut hash_image = vec![0; (1 + hash_blocks) * BLOCK];
    hash_image[..superblock.len()].copy_from_slice(&superblock);

    // Levels lie top first, so each one is filled from what stands right behind it.
    let mut end = hash_image.len();
    for (depth, blocks) in levels.iter().enumerate() {
        let start = end - *blocks as usize * BLOCK;
        let (head, below) = hash_image.split_at_mut(end);
        let below = match depth {
            0 => data,
            _ => &below[..levels[depth - 1] as usize * BLOCK],
        };
        hash_level(&hasher, below, &mut head[start..]);
        end = start;
    }
    let top = if levels.is_empty() { data } else { &hash_image[BLOCK..2 * BLOCK] };
    let root_hash = hasher.root(top);
    Ok(Verity { hash_image, root_hash })
}

/// Fills one level with the hashes of the blocks below it. What is behind the last hash stays zero.
fn hash_level(hasher: &Hasher, below: &[u8], level: &mut [u8]) {
    let tasks = level.par_chunks_mut(TASK * BLOCK).zip(below.par_chunks(TASK * PER_BLOCK * BLOCK));
    tasks.for_each(|(hashes, blocks)| {
        for (hash, block) in hashes.chunks_exact_mut(DIGEST).zip(blocks.chunks_exact(BLOCK)) {
            hash.copy_from_slice(&hasher.block(block));
        }
    });
}

fn superblock(data_blocks: u64, salt: &[u8], uuid: [u8; 16]) -> Result<Vec<u8>, FormatError> {
    let mut padded = [0; MAX_SALT];
    padded.get_mut(..salt.len()).ok_or(FormatError::Salt(salt.len()))?.copy_from_slice(salt);
    let raw = Raw {
        signature: SIGNATURE,
        version: VERSION.into(),
        hash_type: HASH_TYPE.into(),
        uuid,
        algorithm: algorithm(),
        data_block_size: (BLOCK as u32).into(),
        hash_block_size: (BLOCK as u32).into(),
        data_blocks: data_blocks.into(),
        salt_size: (salt.len() as u16).into(),
        pad1: [0; 6],
        salt: padded,
        pad2: [0; 168],
    };
    Ok(raw.as_bytes().to_vec())
}
