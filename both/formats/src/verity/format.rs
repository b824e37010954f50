//! The superblock as it lies on disk, in the first 512 bytes of the hash device.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a data block and of a hash block: the page size, with which the kernel is fastest.
pub const BLOCK: usize = 4096;

/// Bytes of the superblock. The rest of its block is zeros.
pub const SUPERBLOCK: usize = 512;

/// First bytes of the hash device.
pub const SIGNATURE: [u8; 8] = *b"verity\0\0";

/// Version of the superblock.
pub const VERSION: u32 = 1;

/// Salt first, then the block; 0 was Chrome OS's early form.
pub const HASH_TYPE: u32 = 1;

/// Longest salt that the superblock has room for.
pub const MAX_SALT: usize = 256;

/// Bytes of a SHA-256 hash.
pub const DIGEST: usize = 32;

/// Hashes in a hash block.
pub const PER_BLOCK: usize = BLOCK / DIGEST;

/// Most data blocks that we read: 16 TiB of data, far beyond any slot. It keeps all sums below 2^64.
pub const MAX_BLOCKS: u64 = 1 << 32;

/// The superblock.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Raw {
    pub signature: [u8; 8],
    pub version: U32,
    pub hash_type: U32,
    pub uuid: [u8; 16],
    /// Name of the hash, padded with NUL.
    pub algorithm: [u8; 32],
    pub data_block_size: U32,
    pub hash_block_size: U32,
    pub data_blocks: U64,
    pub salt_size: U16,
    pub pad1: [u8; 6],
    pub salt: [u8; MAX_SALT],
    pub pad2: [u8; 168],
}

/// `sha256`, padded.
pub fn algorithm() -> [u8; 32] {
    let mut name = [0; 32];
    name[..6].copy_from_slice(b"sha256");
    name
}
