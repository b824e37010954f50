//! The compact index: packs of 2 entries in 8 bytes, or of 16 in 32, each with one block address at its end.
//!
//! An entry has 12 to 14 bits and a type. A head has its offset there, and its block is the address of the pack
//! plus the blocks of the pclusters before it in the same pack.

use super::extents::Lcluster;
use super::{Image, Inode, ReadError};
use crate::erofs::format::{MapHeader, advise, lcluster};

/// Index of one inode.
pub struct CompactIndex<'i> {
    image: &'i Image<'i>,
    inode: &'i Inode,
    start: u64,
    /// Entries of 4 bytes before those of 2, so that the latter are aligned to their packs.
    initial: u64,
    /// Entries of 2 bytes.
    short: u64,
    bits: u8,
    big: bool,
}

/// A pack of entries.
struct Pack<'i> {
    bytes: &'i [u8],
    entries: usize,
    value_bits: u32,
}

impl<'i> CompactIndex<'i> {
    /// The index behind the map header of an inode with logical clusters of `2^bits` bytes.
    pub fn new(image: &'i Image<'i>, inode: &'i Inode, flags: u16, bits: u8) -> Self {
        let start = inode.body().next_multiple_of(8) + size_of::<MapHeader>() as u64;
        let total = inode.size.div_ceil(image.block_size());
        let initial = (start.next_multiple_of(32) - start) / 4;
        let packed = flags & advise::COMPACT_2B != 0 && initial < total;
        let short = if packed { (total - initial) / 16 * 16 } else { 0 };
        Self { image, inode, start, initial, short, bits, big: flags & advise::BIG_PCLUSTER_1 != 0 }
    }

    /// The entry of a logical cluster.
    pub fn load(&self, cluster: u64) -> Result<Lcluster, ReadError> {
        let behind = cluster.saturating_sub(self.initial);
        let (at, size, entries) = if cluster < self.initial {
            (self.start + cluster * 4, 4, 2)
        } else if behind < self.short {
            (self.start + self.initial * 4 + behind * 2, 2, 16)
        } else {
            (self.start + self.initial * 4 + self.short * 2 + (behind - self.short) * 4, 4, 2)
        };
        if self.bits > 14 || (size == 2 && self.bits > 12) {
            return Err(ReadError::Unsupported(format!(
                "a compact index with logical clusters of 2^{} bytes",
                self.bits
            )));
        }
        let pack_len = size * entries as u64;
        let base = at / pack_len * pack_len;
        let pack = Pack {
            bytes: self.image.slice("a compact index", base, pack_len)?,
            entries,
            value_bits: u32::from(self.bits.max(12)),
        };
        let number = ((at - base) / size) as usize;
        let (value, kind) = pack.entry(number);
        let counted = kind == lcluster::NONHEAD && value & lcluster::BLOCK_COUNT != 0;
        let block = if kind == lcluster::NONHEAD { 0 } else { self.block(&pack, number)? };
        Ok(Lcluster {
            kind,
            offset: value,
            block,
            count: counted.then_some(value & !lcluster::BLOCK_COUNT),
            partial: false,
            next: base + pack_len,
        })
    }

    /// Block of a head: those before it in its pack are counted backwards.
    fn block(&self, pack: &Pack<'_>, number: usize) -> Result<u32, ReadError> {
        let mut at = number as i64;
        let mut blocks: u32 = u32::from(!self.big);
        while at > 0 {
            at -= 1;
            let (value, kind) = pack.entry(at as usize);
            if kind != lcluster::NONHEAD {
                blocks += 1;
            } else if !self.big {
                at -= i64::from(value);
                blocks += u32::from(at >= 0);
            } else if value & lcluster::BLOCK_COUNT != 0 {
                at -= 1;
                blocks += u32::from(value & !lcluster::BLOCK_COUNT);
            } else if value <= 1 {
                return Err(self.inode.wrong("a pcluster of its compact index does not say its size"));
            } else {
                at -= i64::from(value) - 2;
            }
        }
        Ok(pack.address().wrapping_add(blocks))
    }
}

impl Pack<'_> {
    /// Value and type of an entry.
    fn entry(&self, number: usize) -> (u16, u16) {
        let bits = (self.bytes.len() - 4) * 8 / self.entries * number;
        let four = self.bytes.get(bits / 8..bits / 8 + 4).and_then(|four| four.try_into().ok());
        let word = u32::from_le_bytes(four.unwrap_or_default()) >> (bits % 8);
        ((word & ((1 << self.value_bits) - 1)) as u16, (word >> self.value_bits & 3) as u16)
    }

    fn address(&self) -> u32 {
        let four = self.bytes.last_chunk().copied();
        u32::from_le_bytes(four.unwrap_or_default())
    }
}
