//! The image as bytes with a checked superblock.

use zerocopy::FromBytes;

use super::ReadError;
use crate::erofs::format::{MAGIC, SLOT, SUPERBLOCK_OFFSET, Superblock, checksum, compat, incompat};

/// An image whose superblock is understood.
#[derive(Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    /// Its superblock.
    pub superblock: Superblock,
}

impl<'a> Image<'a> {
    /// Checks the superblock.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let outside = ReadError::Outside {
            what: "the superblock",
            offset: SUPERBLOCK_OFFSET as u64,
            size: bytes.len(),
        };
        let (superblock, _) = bytes
            .get(SUPERBLOCK_OFFSET..)
            .and_then(|rest| Superblock::read_from_prefix(rest).ok())
            .ok_or(outside)?;
        if superblock.magic != MAGIC {
            return Err(ReadError::Magic(superblock.magic.get()));
        }
        if !(9..=16).contains(&superblock.block_bits) {
            return Err(ReadError::Unsupported(format!("a block size of 2^{}", superblock.block_bits)));
        }
        let unknown = superblock.feature_incompat.get() & !incompat::ALL;
        if unknown != 0 {
            return Err(ReadError::Unsupported(format!("incompatible feature {unknown:#x}")));
        }
        let image = Self { bytes, superblock };
        if image.superblock.feature_compat.get() & compat::CHECKSUM != 0 {
            image.verify_checksum()?;
        }
        Ok(image)
    }

    /// Bytes of a block.
    pub fn block_size(&self) -> u64 {
        1 << self.superblock.block_bits
    }

    /// Inode of the root directory.
    pub fn root_nid(&self) -> u64 {
        u64::from(self.superblock.root_nid.get())
    }

    /// Whether the image was made with that incompatible feature.
    pub fn has(&self, feature: u32) -> bool {
        self.superblock.feature_incompat.get() & feature != 0
    }

    /// Where an inode stands.
    pub fn inode_offset(&self, nid: u64) -> Option<u64> {
        nid.checked_mul(SLOT as u64)?.checked_add(self.block_offset(self.superblock.meta_block.get()))
    }

    /// Where a block begins.
    pub fn block_offset(&self, block: u32) -> u64 {
        u64::from(block) << self.superblock.block_bits
    }

    /// Bytes at an offset.
    pub fn slice(&self, what: &'static str, offset: u64, len: u64) -> Result<&'a [u8], ReadError> {
        let range = offset
            .checked_add(len)
            .and_then(|end| Some(usize::try_from(offset).ok()?..usize::try_from(end).ok()?));
        range.and_then(|range| self.bytes.get(range)).ok_or(ReadError::Outside {
            what,
            offset,
            size: self.bytes.len(),
        })
    }

    /// A structure at an offset.
    pub fn record<T: FromBytes>(&self, what: &'static str, offset: u64) -> Result<T, ReadError> {
        let bytes = self.slice(what, offset, size_of::<T>() as u64)?;
        T::read_from_bytes(bytes).map_err(|_| ReadError::Outside { what, offset, size: self.bytes.len() })
    }

    fn verify_checksum(&self) -> Result<(), ReadError> {
        // A block that is too small to hold the superblock is counted from the superblock on.
        let block = self.block_size() as usize;
        let len = if block > SUPERBLOCK_OFFSET { block - SUPERBLOCK_OFFSET } else { block };
        let mut bytes = self.slice("the superblock", SUPERBLOCK_OFFSET as u64, len as u64)?.to_vec();
        bytes[4..8].fill(0);
        let (found, expected) = (self.superblock.checksum.get(), checksum(&bytes));
        if found == expected { Ok(()) } else { Err(ReadError::Checksum { found, expected }) }
    }
}
