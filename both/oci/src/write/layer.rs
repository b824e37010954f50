//! Writing a layer.

use std::io::{Read, Write};

use super::WriteError;
use super::hashing::Hashing;
use crate::compression::{Compression, Encoder};
use crate::digest::Digest;
use crate::layer::{Entry, Kind, LayerError, Place, Seen, normal};
use crate::manifest::Descriptor;
use crate::media;
use crate::tar::{TarWriter, shown};

/// A layer of an image: what a manifest and a configuration have to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The blob.
    pub descriptor: Descriptor,
    /// Digest of the blob without compression.
    pub diff_id: Digest,
}

/// Writes a layer. What it takes, [`crate::layer::LayerReader`] gives back.
pub struct LayerWriter<W: Write> {
    tar: TarWriter<Hashing<Encoder<Hashing<W>>>>,
    media_type: &'static str,
    seen: Seen,
    last: Option<Vec<u8>>,
}

impl<W: Write> LayerWriter<W> {
    /// A layer that is written to `out`.
    pub fn new(out: W, compression: Compression) -> Result<Self, WriteError> {
        let encoder = Encoder::new(Hashing::new(out), compression).map_err(WriteError::io("a layer"))?;
        let media_type = match compression {
            Compression::None => media::LAYER,
            Compression::Gzip => media::LAYER_GZIP,
            Compression::Zstd => media::LAYER_ZSTD,
        };
        Ok(Self {
            tar: TarWriter::new(Hashing::new(encoder)),
            media_type,
            seen: Seen::new(usize::MAX),
            last: None,
        })
    }

    /// Adds an entry. They come in the order of [`Entry::order`]; a hard link comes behind what it names, unless that
    /// is in a lower layer. For a file, `content` has as many bytes as the entry says; it is not read for others.
    pub fn add(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), WriteError> {
        let member = entry.member();
        let is_root = entry.path.is_empty() && matches!(entry.kind, Kind::Directory | Kind::Opaque);
        let is_mark = matches!(entry.kind, Kind::Whiteout | Kind::Opaque);
        let has_mark = entry.path.split(|byte| *byte == b'/').any(|part| part.starts_with(b".wh."));
        let is_normal = normal(&entry.path).is_ok_and(|clean| clean == entry.path);
        if !is_normal || has_mark || (entry.path.is_empty() && !is_root) {
            return Err(WriteError::Path(shown(&entry.path)));
        }
        if let Some(last) = self.last.as_ref().filter(|last| entry.order() <= **last) {
            return Err(WriteError::Order { path: shown(&member.path), before: shown(&plain(last)) });
        }
        let mut kind = entry.kind.clone();
        self.seen.take(&entry.path, &mut kind)?;
        if let (Kind::HardLink(_, Place::Layer), Kind::HardLink(target, Place::Lower)) = (&entry.kind, &kind)
        {
            let (path, target) = (shown(&entry.path), shown(target));
            return Err(LayerError::HardLink { path, target }.into());
        }
        self.last = Some(entry.order());
        let mut nothing = std::io::empty();
        self.tar.add(&member, if is_mark { &mut nothing } else { content }).map_err(WriteError::tar)
    }

    /// Ends the layer.
    pub fn finish(self) -> Result<(Layer, W), WriteError> {
        let io = WriteError::io("a layer");
        let ended = self.tar.finish().and_then(|uncompressed| {
            let (encoder, diff_id, _) = uncompressed.finish();
            let (out, digest, size) = encoder.finish()?.finish();
            Ok((Layer { descriptor: Descriptor::new(self.media_type, digest, size), diff_id }, out))
        });
        ended.map_err(io)
    }
}

impl<W: Write> std::fmt::Debug for LayerWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayerWriter").field("last", &self.last).finish_non_exhaustive()
    }
}

/// The path of an order.
fn plain(order: &[u8]) -> Vec<u8> {
    order.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect()
}
