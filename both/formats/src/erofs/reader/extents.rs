//! Which parts of a compressed file lie where.
//!
//! The kernel looks up one offset at a time (`zmap.c`); a reader of whole files goes through the index once.

use super::compact::CompactIndex;
use super::{Image, Inode, Layout, ReadError};
use crate::erofs::format::{
    FULL_INDEX_START, LCLUSTER_INDEX, LclusterIndex, MapHeader, advise, algorithm, lcluster,
};

/// A part of a file that is packed as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins in the file.
    pub start: u64,
    /// Bytes of the file.
    pub len: u64,
    /// Where its packed form lies.
    pub place: Place,
    /// The packed form goes on after these bytes.
    pub partial: bool,
}

/// Where the packed form of an extent lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In blocks of its own.
    Blocks {
        /// First byte in the image.
        offset: u64,
        /// Bytes of the blocks.
        len: u64,
        /// How it is packed.
        algorithm: Algorithm,
    },
    /// Behind the index.
    Inline {
        /// First byte in the image.
        offset: u64,
        /// Bytes.
        len: u64,
        /// How it is packed.
        algorithm: Algorithm,
    },
    /// In the content of the packed inode.
    Fragment {
        /// First byte in that content.
        offset: u64,
    },
}

/// How an extent is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// As it is.
    Stored,
    /// As it is, but each byte at its own offset within a block.
    Interlaced,
    /// A number of [`crate::erofs::format::algorithm`].
    Compressed(u8),
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stored => f.write_str("stored"),
            Self::Interlaced => f.write_str("interlaced"),
            Self::Compressed(algorithm::LZ4) => f.write_str("lz4"),
            Self::Compressed(algorithm::LZMA) => f.write_str("lzma"),
            Self::Compressed(algorithm::DEFLATE) => f.write_str("deflate"),
            Self::Compressed(algorithm::ZSTD) => f.write_str("zstd"),
            Self::Compressed(number) => write!(f, "algorithm {number}"),
        }
    }
}

/// What the index says about one logical cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lcluster {
    /// [`lcluster`] type.
    pub kind: u16,
    /// Where in the cluster the data of a head begins.
    pub offset: u16,
    /// Block of a head.
    pub block: u32,
    /// Blocks of the pcluster, where the first NONHEAD says it.
    pub count: Option<u16>,
    /// The pcluster holds more than this file needs.
    pub partial: bool,
    /// Where the next entry or pack of entries stands.
    pub next: u64,
}

struct Head {
    cluster: u64,
    start: u64,
    entry: Lcluster,
    count: Option<u16>,
}

/// The extents of a compressed inode, from first to last byte without a gap.
pub fn extents(image: &Image<'_>, inode: &Inode) -> Result<Vec<Extent>, ReadError> {
    if inode.size == 0 {
        return Ok(Vec::new());
    }
    let at = inode.body().next_multiple_of(8);
    let header: MapHeader = image.record("a map header", at)?;
    if header.cluster_bits & 0x80 != 0 {
        let raw: zerocopy::little_endian::U64 = image.record("a map header", at)?;
        let place = Place::Fragment { offset: raw.get() & !(1 << 63) };
        return Ok(vec![Extent { start: 0, len: inode.size, place, partial: false }]);
    }
    let bits = image.superblock.block_bits + (header.cluster_bits & 0xf);
    if bits > 16 {
        return Err(ReadError::Unsupported(format!("a logical cluster of 2^{bits} bytes")));
    }
    let (heads, next) = heads(image, inode, &header, bits)?;
    if heads.first().is_none_or(|head| head.start != 0) {
        return Err(inode.wrong("its index does not begin with the first byte"));
    }
    let ends = heads.iter().skip(1).map(|head| head.start).chain([inode.size]);
    let spans = heads.iter().zip(ends).enumerate();
    let extents = spans
        .map(|(number, (head, end))| {
            let last = number + 1 == heads.len();
            let place = place(image, inode, &header, &Ending { head, last, next, bits });
            Extent { start: head.start, len: end - head.start, place, partial: head.entry.partial }
        })
        .collect();
    Ok(extents)
}

/// All heads that begin within the file, and what follows the entry of its last byte.
fn heads(
    image: &Image<'_>,
    inode: &Inode,
    header: &MapHeader,
    bits: u8,
) -> Result<(Vec<Head>, u64), ReadError> {
    let clusters = inode.size.div_ceil(1 << bits);
    let compact = CompactIndex::new(image, inode, header.advise.get(), bits);
    let mut heads: Vec<Head> = Vec::new();
    let mut next = 0;
    for cluster in 0..clusters {
        let entry = match inode.layout {
            Layout::Compact => compact.load(cluster)?,
            _ => full(image, inode, cluster)?,
        };
        next = entry.next;
        if entry.kind == lcluster::NONHEAD {
            if let Some(head) = heads.last_mut().filter(|head| head.cluster + 1 == cluster) {
                head.count = entry.count;
            }
            continue;
        }
        if u32::from(entry.offset) >= 1 << bits {
            return Err(inode.wrong("a head begins outside of its logical cluster"));
        }
        let start = (cluster << bits) + u64::from(entry.offset);
        if start < inode.size {
            heads.push(Head { cluster, start, entry, count: None });
        }
    }
    Ok((heads, next))
}

/// A head and what decides where its data lies.
struct Ending<'h> {
    head: &'h Head,
    last: bool,
    next: u64,
    bits: u8,
}

fn place(image: &Image<'_>, inode: &Inode, header: &MapHeader, ending: &Ending<'_>) -> Place {
    let head = ending.head;
    let flags = header.advise.get();
    let plain = head.entry.kind == lcluster::PLAIN;
    let second = head.entry.kind == lcluster::HEAD2;
    let algorithm = match (plain, second) {
        (true, _) if flags & advise::INTERLACED != 0 => Algorithm::Interlaced,
        (true, _) => Algorithm::Stored,
        (_, true) => Algorithm::Compressed(header.algorithms >> 4),
        _ => Algorithm::Compressed(header.algorithms & 0xf),
    };
    if ending.last && flags & advise::FRAGMENT != 0 {
        let high = if inode.layout == Layout::Full { u64::from(head.entry.block) << 32 } else { 0 };
        return Place::Fragment { offset: high | u64::from(header.fragment_offset.get()) };
    }
    let inline_len = u64::from(header.fragment_offset.get() >> 16);
    if ending.last && flags & advise::INLINE_PCLUSTER != 0 && inline_len != 0 {
        // What is less than a block is never interlaced, whatever the flag says.
        let algorithm = if plain { Algorithm::Stored } else { algorithm };
        return Place::Inline { offset: ending.next, len: inline_len, algorithm };
    }
    let big = if plain || second { advise::BIG_PCLUSTER_2 } else { advise::BIG_PCLUSTER_1 };
    let beyond = (head.cluster + 1) << ending.bits >= inode.size;
    let count = if flags & big == 0 || beyond { 1 } else { head.count.unwrap_or(1).max(1) };
    let len = u64::from(count) * image.block_size();
    Place::Blocks { offset: image.block_offset(head.entry.block), len, algorithm }
}

fn full(image: &Image<'_>, inode: &Inode, cluster: u64) -> Result<Lcluster, ReadError> {
    let index = inode.body().next_multiple_of(8) + FULL_INDEX_START as u64;
    let at = index + cluster * LCLUSTER_INDEX as u64;
    let entry: LclusterIndex = image.record("an index", at)?;
    let place = entry.place.get();
    let first = place as u16;
    let counted = first & lcluster::BLOCK_COUNT != 0;
    Ok(Lcluster {
        kind: entry.advise.get() & 3,
        offset: entry.cluster_offset.get(),
        block: place,
        count: counted.then_some(first & !lcluster::BLOCK_COUNT),
        partial: entry.advise.get() & lcluster::PARTIAL != 0,
        next: at + LCLUSTER_INDEX as u64,
    })
}
