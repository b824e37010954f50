//! Compressed pieces that the caller keeps between builds, so that only changed files are compressed again.
//!
//! The writer asks for the pieces of a whole file by the hash of its content and its packing. What comes back is
//! untrusted as to its form and checked against a hash inside: a damaged entry costs time, never a wrong image.

use bytes::Bytes;

use super::format::BLOCK;
use super::options::{Compression, Packing};

/// Goes up when pieces of the same content and packing come out in other bytes: a changed layout of the entry
/// or another version of lz4_flex. The version of zstd is part of the key anyway.
const REVISION: u32 = 1;

/// What pieces are kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PieceKey {
    /// BLAKE3 of the file's content.
    pub content: [u8; 32],
    /// How it was packed.
    pub packing: Packing,
}

impl PieceKey {
    /// The key as a file name of lower-case letters, digits and `-`.
    pub fn file_name(&self) -> String {
        let method = match self.packing.compression {
            Compression::None => "none".to_owned(),
            Compression::Lz4 => "lz4".to_owned(),
            Compression::Zstd { level } => {
                format!("zstd{}-{level}", zstd::zstd_safe::version_number())
            }
        };
        let content = blake3::Hash::from_bytes(self.content).to_hex();
        format!("{content}-{method}-{}-{REVISION}", self.packing.piece.bytes())
    }
}

/// Keeps compressed pieces. `get` and `put` are called from several threads at once.
pub trait PieceCache: Sync {
    /// What was put under this key.
    fn get(&self, key: &PieceKey) -> Option<Bytes>;
    /// Keeps an entry. There is no error: what could not be kept is compressed again next time.
    fn put(&self, key: &PieceKey, entry: &Bytes);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl PieceCache for NoCache {
    fn get(&self, _: &PieceKey) -> Option<Bytes> {
        None
    }

    fn put(&self, _: &PieceKey, _: &Bytes) {}
}

/// The compressed pieces of one file.
///
/// As bytes: number of pieces (u32), blocks of each (u16, 0 for a piece that is stored as it is), data of the
/// compressed pieces, BLAKE3 of everything before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    /// Blocks of each piece; 0 says that the piece is stored as it is and not part of `data`.
    pub blocks: Vec<u16>,
    /// The compressed pieces one after another, each filled up with zeros in front to whole blocks.
    pub data: Bytes,
}

impl Pieces {
    /// Joins what the compressor returned for each piece.
    pub fn join(compressed: &[Option<Vec<u8>>]) -> Self {
        let blocks = compressed.iter().map(|piece| piece.as_ref().map_or(0, |p| (p.len() / BLOCK) as u16));
        let data: Vec<&[u8]> = compressed.iter().flatten().map(Vec::as_slice).collect();
        Self { blocks: blocks.collect(), data: data.concat().into() }
    }

    /// The form that a cache keeps.
    pub fn to_entry(&self) -> Bytes {
        let mut entry = Vec::with_capacity(4 + self.blocks.len() * 2 + self.data.len() + 32);
        entry.extend_from_slice(&(self.blocks.len() as u32).to_le_bytes());
        for blocks in &self.blocks {
            entry.extend_from_slice(&blocks.to_le_bytes());
        }
        entry.extend_from_slice(&self.data);
        let hash = blake3::hash(&entry);
        entry.extend_from_slice(hash.as_bytes());
        entry.into()
    }

    /// Reads an entry; `None` where it is damaged or not of this number of pieces.
    pub fn from_entry(entry: &Bytes, pieces: usize) -> Option<Self> {
        let body = entry.len().checked_sub(32)?;
        if blake3::hash(&entry[..body]) != blake3::Hash::from_slice(&entry[body..]).ok()? {
            return None;
        }
        let count = u32::from_le_bytes(entry[..body].get(..4)?.try_into().ok()?) as usize;
        let table = entry[..body].get(4..4 + count.checked_mul(2)?)?;
        let blocks: Vec<u16> = table.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        let data = entry.slice(4 + count * 2..body);
        let whole = blocks.iter().map(|b| *b as usize * BLOCK).sum::<usize>() == data.len();
        (count == pieces && whole).then_some(Self { blocks, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erofs::PieceSize;

    fn sample() -> Pieces {
        Pieces::join(&[Some(vec![7; BLOCK]), None, Some(vec![9; 2 * BLOCK])])
    }

    #[test]
    fn entries_read_back() {
        assert_eq!(Pieces::from_entry(&sample().to_entry(), 3), Some(sample()));
    }

    #[test]
    fn entries_for_another_number_of_pieces_are_refused() {
        assert_eq!(Pieces::from_entry(&sample().to_entry(), 2), None);
    }

    #[test]
    fn damaged_entries_are_refused() {
        let entry = sample().to_entry();
        for at in [0, 4, 10, BLOCK, entry.len() - 1] {
            let mut damaged = entry.to_vec();
            damaged[at] ^= 1;
            assert_eq!(Pieces::from_entry(&damaged.into(), 3), None, "byte {at}");
        }
        for len in [0, 3, 31, 32, entry.len() - 1] {
            assert_eq!(Pieces::from_entry(&entry.slice(..len), 3), None, "length {len}");
        }
    }

    #[test]
    fn keys_of_different_packing_have_different_names() {
        let key = |compression| PieceKey {
            content: [0xab; 32],
            packing: Packing { compression, piece: PieceSize::KIB_64 },
        };
        let names = [
            key(Compression::Lz4).file_name(),
            key(Compression::Zstd { level: 3 }).file_name(),
            key(Compression::Zstd { level: 4 }).file_name(),
        ];
        assert!(names[0].starts_with("abab") && names[0].ends_with("-lz4-65536-1"), "{}", names[0]);
        assert_ne!(names[1], names[2]);
    }
}
