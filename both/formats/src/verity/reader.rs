//! Reads a hash device: what it is of, whether it belongs to a root hash, and where data differs from it.
//!
//! Stage 1 of init runs this on whatever lies on a disk, so nothing here trusts the bytes.

use rayon::prelude::*;
use zerocopy::FromBytes;

use super::format::{
    BLOCK, DIGEST, HASH_TYPE, MAX_BLOCKS, MAX_SALT, PER_BLOCK, Raw, SIGNATURE, VERSION, algorithm,
};
use super::root_hash::RootHash;
use super::tree::{Hasher, levels};

/// Bytes of a hash device that [`check_top_block`] needs: the superblock's block and the top hash block.
pub const HEAD: usize = 2 * BLOCK;

/// A superblock of the only form that we write: version 1, hash type 1, SHA-256, blocks of 4096 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// UUID in the order in which it is read as text.
    pub uuid: [u8; 16],
    /// Blocks of data, one at least.
    pub data_blocks: u64,
    /// Salt, 256 bytes at most.
    pub salt: Vec<u8>,
}

/// Why a hash device is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuperblockError {
    /// Fewer bytes than a superblock, or than the blocks that were asked for.
    #[error("verity hash device has {have} bytes: expected {need} at least")]
    Truncated {
        /// Bytes that are there.
        have: usize,
        /// Bytes that are needed.
        need: usize,
    },
    /// No superblock.
    #[error("not a verity hash device: the signature is missing")]
    Signature,
    /// A version or hash type that we don't write.
    #[error("verity superblock has version {version}, hash type {hash_type}: expected 1 and 1")]
    Version {
        /// Version of the superblock.
        version: u32,
        /// Hash type.
        hash_type: u32,
    },
    /// Another hash.
    #[error("verity superblock names the hash {0:?}: expected \"sha256\"")]
    Algorithm(String),
    /// Other block sizes.
    #[error("verity superblock has block sizes {data} and {hash}: expected {BLOCK} and {BLOCK}")]
    BlockSize {
        /// Bytes of a data block.
        data: u32,
        /// Bytes of a hash block.
        hash: u32,
    },
    /// No data, or more than [`MAX_BLOCKS`].
    #[error("verity superblock counts {0} data blocks: expected 1 to {MAX_BLOCKS}")]
    DataBlocks(u64),
    /// A salt that is longer than its place.
    #[error("verity superblock has a salt of {0} bytes: {MAX_SALT} at most")]
    Salt(u16),
}

impl Superblock {
    /// Reads the superblock at the start of a hash device.
    pub fn parse(device: &[u8]) -> Result<Self, SuperblockError> {
        let need = size_of::<Raw>();
        let (raw, _) = Raw::ref_from_prefix(device)
            .map_err(|_| SuperblockError::Truncated { have: device.len(), need })?;
        if raw.signature != SIGNATURE {
            return Err(SuperblockError::Signature);
        }
        let (version, hash_type) = (raw.version.get(), raw.hash_type.get());
        if (version, hash_type) != (VERSION, HASH_TYPE) {
            return Err(SuperblockError::Version { version, hash_type });
        }
        if raw.algorithm != algorithm() {
            let name = raw.algorithm.split(|byte| *byte == 0).next().unwrap_or_default();
            return Err(SuperblockError::Algorithm(String::from_utf8_lossy(name).into_owned()));
        }
        let (data, hash) = (raw.data_block_size.get(), raw.hash_block_size.get());
        if (data as usize, hash as usize) != (BLOCK, BLOCK) {
            return Err(SuperblockError::BlockSize { data, hash });
        }
        let data_blocks = raw.data_blocks.get();
        if !(1..=MAX_BLOCKS).contains(&data_blocks) {
            return Err(SuperblockError::DataBlocks(data_blocks));
        }
        let salt_size = raw.salt_size.get();
        let salt = raw.salt.get(..salt_size as usize).ok_or(SuperblockError::Salt(salt_size))?;
        Ok(Self { uuid: raw.uuid, data_blocks, salt: salt.to_vec() })
    }

    /// Bytes of the hash device that are in use: superblock and all levels.
    pub fn hash_size(&self) -> u64 {
        (1 + levels(self.data_blocks).iter().sum::<u64>()) * BLOCK as u64
    }

    /// Bytes of data that the tree covers.
    pub fn data_size(&self) -> u64 {
        self.data_blocks * BLOCK as u64
    }
}

/// Whether a hash device belongs to a root hash, judged by its first [`HEAD`] bytes: its top hash block, with
/// its salt, must hash to it.
///
/// That is enough to find a slot: everything below the top block is checked by the kernel when it is read.
/// A hash device of a single data block has no top block; it never belongs.
pub fn check_top_block(head: &[u8], root_hash: &RootHash) -> Result<Superblock, Mismatch> {
    let superblock = Superblock::parse(head)?;
    if superblock.data_blocks == 1 {
        return Err(Mismatch::SingleBlock);
    }
    let truncated = SuperblockError::Truncated { have: head.len(), need: HEAD };
    let top = head.get(BLOCK..HEAD).ok_or(truncated)?;
    let found = Hasher::new(&superblock.salt).root(top);
    if found != *root_hash {
        return Err(Mismatch::Root { found, expected: *root_hash });
    }
    Ok(superblock)
}

/// Where a hash device, its data and a root hash disagree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The hash device can't be read.
    #[error(transparent)]
    Superblock(#[from] SuperblockError),
    /// Data of one block has no hash blocks.
    #[error("verity hash device is of a single data block and has no top hash block")]
    SingleBlock,
    /// The tree has another root.
    #[error("verity root hash is {found}: expected {expected}")]
    Root {
        /// What the top block hashes to.
        found: RootHash,
        /// What it should hash to.
        expected: RootHash,
    },
    /// A block of the tree is not what the level above says.
    #[error("verity hash block {0} is corrupt")]
    HashBlock(u64),
    /// A block of data is not what the tree says.
    #[error("verity data block {0} is corrupt")]
    DataBlock(u64),
    /// The data is shorter than the tree says.
    #[error("verity data has {have} bytes: expected {need}")]
    Data {
        /// Bytes that are there.
        have: usize,
        /// Bytes that the tree covers.
        need: u64,
    },
}

/// Checks data against its hash device and root hash, from the top down, and names the first bad block.
///
/// Hash blocks are counted from the start of the hash device, data blocks from the start of the data. Both may
/// be longer than needed, as partitions are.
pub fn verify(data: &[u8], hash_image: &[u8], root_hash: &RootHash) -> Result<Superblock, Mismatch> {
    let superblock = Superblock::parse(hash_image)?;
    let have = data.len();
    let data = usize::try_from(superblock.data_size()).ok().and_then(|size| data.get(..size));
    let data = data.ok_or(Mismatch::Data { have, need: superblock.data_size() })?;
    let need = superblock.hash_size() as usize;
    let tree = hash_image.get(..need).ok_or(SuperblockError::Truncated { have: hash_image.len(), need })?;

    let hasher = Hasher::new(&superblock.salt);
    let found = match superblock.data_blocks {
        1 => hasher.root(data),
        _ => hasher.root(&tree[BLOCK..HEAD]),
    };
    if found != *root_hash {
        return Err(Mismatch::Root { found, expected: *root_hash });
    }
    let mut level = BLOCK;
    let levels = levels(superblock.data_blocks);
    for (depth, blocks) in levels.iter().enumerate().rev() {
        let next = level + *blocks as usize * BLOCK;
        let below = match depth {
            0 => data,
            _ => &tree[next..next + levels[depth - 1] as usize * BLOCK],
        };
        if let Some(n) = first_bad(&hasher, &tree[level..next], below) {
            let hash_block = Mismatch::HashBlock((next / BLOCK) as u64 + n);
            return Err(if depth == 0 { Mismatch::DataBlock(n) } else { hash_block });
        }
        level = next;
    }
    Ok(superblock)
}

/// Number of the first block that does not hash to its place in the level above.
fn first_bad(hasher: &Hasher, level: &[u8], blocks: &[u8]) -> Option<u64> {
    let pairs = level.par_chunks(BLOCK).zip(blocks.par_chunks(PER_BLOCK * BLOCK)).enumerate();
    let bad = pairs.filter_map(|(group, (level, blocks))| {
        let mut pairs = level.chunks_exact(DIGEST).zip(blocks.chunks_exact(BLOCK));
        let at = pairs.position(|(expected, block)| hasher.block(block) != *expected)?;
        Some((group * PER_BLOCK + at) as u64)
    });
    bad.min()
}
