//! The index of a compressed file: one entry for each block of the file, in the full form.
//!
//! ```text
//! piece of 4 blocks, compressed to 2         piece as it is    last piece, 2.3 blocks, compressed to 1
//! HEAD   NONHEAD   NONHEAD  NONHEAD          PLAIN  PLAIN      HEAD   NONHEAD          PLAIN
//! blk 9  count 2   -2 to    -3 to            blk 11 blk 12     blk 13 count 1          offset 0.3:
//!        3 to next head, 2 to next, 1 to next                         1 to next head   nothing more
//! ```
//!
//! The PLAIN entry at the end of a file that does not fill its last block is what tells the kernel where the last
//! piece ends (`z_erofs_do_map_blocks`): its own data would begin where the file ends.

use zerocopy::IntoBytes;

use crate::erofs::cache::Pieces;
use crate::erofs::format::{
    BLOCK, FULL_INDEX_START, LCLUSTER_INDEX, LclusterIndex, MapHeader, advise, algorithm, lcluster,
};
use crate::erofs::options::{Compression, Packing};

/// Bytes of map header and index for a file of that size.
pub fn encoded_len(size: usize) -> usize {
    FULL_INDEX_START + size.div_ceil(BLOCK) * LCLUSTER_INDEX
}

/// Map header and index of a file whose pieces lie one after another from a block on.
pub fn encode(size: usize, packing: Packing, pieces: &Pieces, first_block: u32) -> Vec<u8> {
    let algorithm = match packing.compression {
        Compression::Zstd { .. } => algorithm::ZSTD,
        Compression::Lz4 | Compression::None => algorithm::LZ4,
    };
    let header =
        MapHeader { advise: advise::BIG_PCLUSTER_1.into(), algorithms: algorithm, ..MapHeader::default() };
    let mut out = Vec::with_capacity(encoded_len(size));
    out.extend_from_slice(header.as_bytes());
    out.resize(FULL_INDEX_START, 0);

    let total = size.div_ceil(BLOCK);
    let per_piece = packing.piece.bytes() / BLOCK;
    let mut block = first_block;
    for (number, blocks) in pieces.blocks.iter().enumerate() {
        let count = per_piece.min(total - number * per_piece);
        if *blocks == 0 {
            for _ in 0..count {
                push(&mut out, lcluster::PLAIN, 0, block);
                block += 1;
            }
            continue;
        }
        let last = number + 1 == pieces.blocks.len();
        let rest = if last { size % BLOCK } else { 0 };
        let next_head = if rest == 0 { count } else { count - 1 };
        push(&mut out, lcluster::HEAD1, 0, block);
        for distance in 1..next_head {
            let back = if distance == 1 { lcluster::BLOCK_COUNT | blocks } else { distance as u16 };
            let forward = (next_head - distance) as u32;
            push(&mut out, lcluster::NONHEAD, 0, u32::from(back) | forward << 16);
        }
        if rest != 0 {
            push(&mut out, lcluster::PLAIN, rest as u16, 0);
        }
        block += u32::from(*blocks);
    }
    out
}

fn push(out: &mut Vec<u8>, kind: u16, offset: u16, place: u32) {
    let entry = LclusterIndex { advise: kind.into(), cluster_offset: offset.into(), place: place.into() };
    out.extend_from_slice(entry.as_bytes());
}
