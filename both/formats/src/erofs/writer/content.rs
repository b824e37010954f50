//! File content: what is the same is found by hash and stored once, what gets smaller is compressed.
//!
//! All hashing and compressing runs on rayon's threads over a list with a fixed order, so the result does not
//! depend on their number.

use std::collections::HashMap;

use bytes::Bytes;
use rayon::prelude::*;

use super::compress::PieceCompressor;
use super::index;
use super::survey::Found;
use crate::erofs::cache::{PieceCache, PieceKey, Pieces};
use crate::erofs::format::BLOCK;
use crate::erofs::options::{Compression, Options, Packing};
use crate::tree::Kind;

/// Files below this size are compressed in less time than a cache needs to find them.
const CACHED_FROM: usize = 64 << 10;

/// One content that at least one file has.
#[derive(Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Bytes,
    /// What identifies it, and how it is packed.
    pub key: PieceKey,
    /// Its pieces; `None` for content that is stored as it is.
    pub pieces: Option<Pieces>,
    /// Blocks that it takes.
    pub blocks: usize,
}

/// All contents of a tree.
#[derive(Debug, Default)]
pub struct Contents {
    /// Each once, in the order of the first file that has it.
    pub list: Vec<Content>,
    /// For each found node the content's place in the list; `None` for other nodes and empty files.
    pub of_node: Vec<Option<usize>>,
    /// Contents whose pieces came from the cache.
    pub cached: usize,
}

impl Contents {
    /// Gathers the content of all files.
    pub fn gather(found: &[Found<'_>], options: &Options, cache: &dyn PieceCache) -> Self {
        let mut contents = Self::unique(found, options);
        let pieces: Vec<(Option<Pieces>, bool)> = {
            let known: Vec<Option<Pieces>> =
                contents.list.par_iter().map(|content| content.known_pieces(cache)).collect();
            let fresh = compress(&contents.list, &known);
            contents
                .list
                .par_iter()
                .zip(known)
                .zip(fresh)
                .map(|((content, known), fresh)| match (known, fresh) {
                    (Some(pieces), _) => (Some(pieces), true),
                    (None, Some(compressed)) => (Some(content.keep_pieces(&compressed, cache)), false),
                    (None, None) => (None, false),
                })
                .collect()
        };
        for (content, (pieces, cached)) in contents.list.iter_mut().zip(pieces) {
            contents.cached += usize::from(cached);
            content.pieces = pieces.filter(|pieces| content.saves(pieces));
            content.blocks = content.pieces.as_ref().map_or(0, |pieces| content.packed_blocks(pieces));
        }
        contents
    }

    /// Contents without their pieces.
    fn unique(found: &[Found<'_>], options: &Options) -> Self {
        let keys: Vec<Option<PieceKey>> = found
            .par_iter()
            .map(|found| match &found.node.kind {
                Kind::File(bytes) if !bytes.is_empty() => Some(PieceKey {
                    content: *blake3::hash(bytes).as_bytes(),
                    packing: options.packing_of(found.id),
                }),
                _ => None,
            })
            .collect();
        let mut contents = Self::default();
        let mut places: HashMap<PieceKey, usize> = HashMap::new();
        for (found, key) in found.iter().zip(keys) {
            let place = match (&found.node.kind, key) {
                (Kind::File(bytes), Some(key)) => Some(*places.entry(key).or_insert_with(|| {
                    contents.list.push(Content { bytes: bytes.clone(), key, pieces: None, blocks: 0 });
                    contents.list.len() - 1
                })),
                _ => None,
            };
            contents.of_node.push(place);
        }
        contents
    }
}

impl Content {
    /// How it is packed.
    pub fn packing(&self) -> Packing {
        self.key.packing
    }

    /// Whether compressing is worth a try: a single block can't become less.
    fn compressible(&self) -> bool {
        self.packing().compression != Compression::None && self.bytes.len() > BLOCK
    }

    fn known_pieces(&self, cache: &dyn PieceCache) -> Option<Pieces> {
        if !self.compressible() || self.bytes.len() < CACHED_FROM {
            return None;
        }
        let pieces = self.bytes.len().div_ceil(self.packing().piece.bytes());
        Pieces::from_entry(&cache.get(&self.key)?, pieces)
    }

    fn keep_pieces(&self, compressed: &[Option<Vec<u8>>], cache: &dyn PieceCache) -> Pieces {
        let pieces = Pieces::join(compressed);
        if self.bytes.len() >= CACHED_FROM {
            cache.put(&self.key, &pieces.to_entry());
        }
        pieces
    }

    /// Blocks of the packed form: those of compressed pieces, and those of pieces that stay as they are.
    fn packed_blocks(&self, pieces: &Pieces) -> usize {
        let sizes = self.bytes.chunks(self.packing().piece.bytes()).map(<[u8]>::len);
        let blocks = sizes.zip(&pieces.blocks).map(|(size, blocks)| match blocks {
            0 => size.div_ceil(BLOCK),
            blocks => usize::from(*blocks),
        });
        blocks.sum()
    }

    /// Whether the packed form with its index is smaller than the content with its last bytes inline.
    fn saves(&self, pieces: &Pieces) -> bool {
        let index = index::encoded_len(self.bytes.len());
        self.packed_blocks(pieces) * BLOCK + index < self.bytes.len()
    }

    /// Writes the content to where its blocks begin.
    pub fn store(&self, blocks: &mut [u8]) {
        let Some(pieces) = &self.pieces else {
            let stored = blocks.len().min(self.bytes.len());
            blocks[..stored].copy_from_slice(&self.bytes[..stored]);
            return;
        };
        let mut to = 0;
        let mut from = 0;
        for (piece, blocks_of_piece) in self.bytes.chunks(self.packing().piece.bytes()).zip(&pieces.blocks) {
            let compressed = usize::from(*blocks_of_piece) * BLOCK;
            if compressed == 0 {
                blocks[to..to + piece.len()].copy_from_slice(piece);
                to += piece.len().next_multiple_of(BLOCK);
            } else {
                blocks[to..to + compressed].copy_from_slice(&pieces.data[from..from + compressed]);
                to += compressed;
                from += compressed;
            }
        }
    }
}

/// Compresses what is not known yet; the result has an entry for each content.
fn compress(list: &[Content], known: &[Option<Pieces>]) -> Vec<Option<Vec<Option<Vec<u8>>>>> {
    let wanted = |at: usize| known[at].is_none() && list[at].compressible();
    let jobs: Vec<(usize, &[u8])> = (0..list.len())
        .filter(|at| wanted(*at))
        .flat_map(|at| list[at].bytes.chunks(list[at].packing().piece.bytes()).map(move |piece| (at, piece)))
        .collect();
    let done: Vec<Option<Vec<u8>>> = jobs
        .par_iter()
        .map_init(PieceCompressor::default, |compressor, (at, piece)| {
            compressor.compress(piece, list[*at].packing().compression)
        })
        .collect();
    let mut results: Vec<_> = (0..list.len()).map(|at| wanted(at).then(Vec::new)).collect();
    for ((at, _), piece) in jobs.iter().zip(done) {
        if let Some(pieces) = &mut results[*at] {
            pieces.push(piece);
        }
    }
    results
}
