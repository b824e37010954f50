//! The superblock and the records of compression algorithms behind it.

use zerocopy::IntoBytes;

use crate::erofs::format::{
    BLOCK, BLOCK_BITS, MAGIC, SUPERBLOCK_OFFSET, Superblock, algorithm, checksum, compat, incompat,
};
use crate::erofs::options::{Compression, Options, Packing};

/// Length (u16) and content of the LZ4 record, then the same of the Zstandard record.
const LZ4_RECORD: usize = 14;
const ZSTD_RECORD: usize = 6;
/// Bytes at the start of the image that superblock and records may take.
pub const LENGTH: usize = SUPERBLOCK_OFFSET + size_of::<Superblock>() + 2 + LZ4_RECORD + 2 + ZSTD_RECORD;

/// Farthest that an LZ4 match may reach back; the kernel's default.
const LZ4_DISTANCE: u16 = 65535;
/// The Zstandard record counts the window from 2 to this power.
const ZSTD_WINDOW_MIN: u32 = 10;

/// What the superblock says about the finished image.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Inode of the root.
    pub root_nid: u16,
    /// Inodes.
    pub inodes: u64,
    /// Blocks of the image.
    pub blocks: u32,
}

/// Writes the superblock into the first block, whose other bytes are final.
pub fn write(image: &mut [u8], options: &Options, numbers: Numbers) {
    let packings = || std::iter::once(&options.packing).chain(options.exceptions.values());
    let largest = |wanted: fn(Compression) -> bool| {
        let chosen = packings().filter(|packing| wanted(packing.compression));
        chosen.map(|packing: &Packing| packing.piece.bytes()).max()
    };
    let lz4 = largest(|compression| compression == Compression::Lz4);
    let zstd = largest(|compression| matches!(compression, Compression::Zstd { .. }));

    let mut records = Vec::new();
    if let Some(piece) = lz4 {
        // The buffer that the kernel sets aside: a compressed piece takes at least one block less.
        let blocks = (piece / BLOCK - 1) as u16;
        records.extend_from_slice(&(LZ4_RECORD as u16).to_le_bytes());
        records.extend_from_slice(&LZ4_DISTANCE.to_le_bytes());
        records.extend_from_slice(&blocks.to_le_bytes());
        records.resize(2 + LZ4_RECORD, 0);
    }
    if let Some(piece) = zstd {
        // A frame that knows its content size has a window of that size.
        let window = piece.ilog2() - ZSTD_WINDOW_MIN;
        records.extend_from_slice(&(ZSTD_RECORD as u16).to_le_bytes());
        records.extend_from_slice(&[0, window as u8, 0, 0, 0, 0]);
    }
    let bit = |used: Option<usize>, number: u8| u16::from(used.is_some()) << number;
    let compressed = incompat::ZERO_PADDING | incompat::COMPRESSION_RECORDS;
    let superblock = Superblock {
        magic: MAGIC.into(),
        feature_compat: (compat::CHECKSUM | compat::MTIME).into(),
        block_bits: BLOCK_BITS,
        root_nid: numbers.root_nid.into(),
        inodes: numbers.inodes.into(),
        build_time: options.epoch.into(),
        blocks: numbers.blocks.into(),
        uuid: options.uuid,
        feature_incompat: if records.is_empty() { 0 } else { compressed }.into(),
        algorithms: (bit(lz4, algorithm::LZ4) | bit(zstd, algorithm::ZSTD)).into(),
        ..Superblock::default()
    };
    let end = SUPERBLOCK_OFFSET + size_of::<Superblock>();
    image[SUPERBLOCK_OFFSET..end].copy_from_slice(superblock.as_bytes());
    image[end..end + records.len()].copy_from_slice(&records);
    let sum = checksum(&image[SUPERBLOCK_OFFSET..BLOCK]);
    image[SUPERBLOCK_OFFSET + 4..SUPERBLOCK_OFFSET + 8].copy_from_slice(&sum.to_le_bytes());
}
