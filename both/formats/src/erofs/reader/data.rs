//! Content of an inode, whatever its layout, within the limit on all content together.

use super::{Extent, Image, Inode, Layout, Place, ReadError, extents, unpack};
use crate::erofs::format::incompat;

/// Reads content and counts its bytes.
#[derive(Debug)]
pub struct Contents<'i> {
    image: &'i Image<'i>,
    limit: u64,
    left: u64,
    /// Content of the packed inode, which holds the ends of other files.
    packed: Option<Vec<u8>>,
}

/// Low bits of a chunk format: logarithm of blocks a chunk.
const CHUNK_BITS: u32 = 0x1f;
/// The chunk table has 8 bytes an entry, not 4.
const CHUNK_INDEXES: u32 = 0x20;
/// Address of a chunk of zeros.
const CHUNK_HOLE: u32 = u32::MAX;

impl<'i> Contents<'i> {
    /// All reads together give at most `limit` bytes.
    pub fn new(image: &'i Image<'i>, limit: u64) -> Self {
        Self { image, limit, left: limit, packed: None }
    }

    /// Content of an inode.
    pub fn read(&mut self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        self.count(inode.size)?;
        if inode.size == 0 {
            return Ok(Vec::new());
        }
        match inode.layout {
            Layout::Plain => self.blocks(inode, inode.size).map(<[u8]>::to_vec),
            Layout::Inline => self.inline(inode),
            Layout::Chunked => self.chunked(inode),
            Layout::Full | Layout::Compact => self.compressed(inode),
        }
    }

    /// Takes so many bytes off the limit.
    pub fn count(&mut self, bytes: u64) -> Result<(), ReadError> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(ReadError::Limit { what: "bytes of content", limit: self.limit })?;
        Ok(())
    }

    fn blocks(&self, inode: &Inode, len: u64) -> Result<&'i [u8], ReadError> {
        self.image.slice("data of a file", self.image.block_offset(inode.place), len)
    }

    fn inline(&self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        let rest = inode.size % self.image.block_size();
        let whole = if inode.size == rest { &[][..] } else { self.blocks(inode, inode.size - rest)? };
        let tail = self.image.slice("the tail of a file", inode.body(), rest)?;
        Ok([whole, tail].concat())
    }

    fn chunked(&self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        let unit = if inode.place & CHUNK_INDEXES == 0 { 4 } else { 8 };
        let bits = u32::from(self.image.superblock.block_bits) + (inode.place & CHUNK_BITS);
        if inode.place & 0xffff > CHUNK_BITS | CHUNK_INDEXES {
            return Err(inode.wrong("the chunk format is unknown"));
        }
        if self.image.superblock.extra_devices != 0 && self.image.has(incompat::DEVICE_TABLE) {
            return Err(ReadError::Unsupported("data on further devices".to_owned()));
        }
        let table = inode.body().next_multiple_of(unit);
        let mut out = Vec::new();
        for chunk in 0..inode.size.div_ceil(1 << bits) {
            // An index has the address in its upper half.
            let entry = self.image.slice("a chunk table", table + chunk * unit + (unit - 4), 4)?;
            let block = u32::from_le_bytes(entry.try_into().map_err(|_| inode.wrong("no address"))?);
            let len = (inode.size - (chunk << bits)).min(1 << bits);
            if block == CHUNK_HOLE {
                out.resize(out.len() + len as usize, 0);
            } else {
                out.extend_from_slice(self.image.slice("a chunk", self.image.block_offset(block), len)?);
            }
        }
        Ok(out)
    }

    fn compressed(&mut self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        let mut out = Vec::new();
        for extent in extents(self.image, inode)? {
            let data = match extent.place {
                Place::Fragment { offset } => self.fragment(inode, offset, &extent)?,
                Place::Blocks { offset, len, algorithm } | Place::Inline { offset, len, algorithm } => {
                    let packed = self.image.slice("compressed data", offset, len)?;
                    let padded = self.image.has(incompat::ZERO_PADDING);
                    unpack::unpack(inode, &extent, algorithm, unpack::Packed { bytes: packed, padded })?
                }
            };
            out.extend_from_slice(&data);
        }
        Ok(out)
    }

    fn fragment(&mut self, inode: &Inode, offset: u64, extent: &Extent) -> Result<Vec<u8>, ReadError> {
        let packed = if let Some(packed) = self.packed.take() { packed } else { self.packed_inode(inode)? };
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset.saturating_add(extent.len)).ok());
        let data = range.and_then(|(from, to)| packed.get(from..to)).map(<[u8]>::to_vec);
        self.packed = Some(packed);
        data.ok_or_else(|| inode.wrong("its end lies outside of the fragments"))
    }

    /// Content of the inode with fragments, which can't have its own end in itself.
    fn packed_inode(&mut self, inode: &Inode) -> Result<Vec<u8>, ReadError> {
        let packed = Inode::read(self.image, self.image.superblock.packed_nid.get())?;
        let compressed = matches!(packed.layout, Layout::Full | Layout::Compact);
        let nested = |extent: &Extent| matches!(extent.place, Place::Fragment { .. });
        if packed.nid == inode.nid || (compressed && extents(self.image, &packed)?.iter().any(nested)) {
            return Err(packed.wrong("the inode with fragments has fragments itself"));
        }
        self.read(&packed)
    }
}
