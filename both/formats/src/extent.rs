//! A sparse image as data: a size and the parts of it that were written.
//!
//! A disk image is mostly holes: a 512 MiB ESP and a 1 GiB slot hold some 100 MB between them. What is not in a
//! part reads as zeros and is never held in memory.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Parts of an image by offset; they neither overlap nor reach beyond the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extents {
    size: u64,
    parts: BTreeMap<u64, Bytes>,
}

/// A stretch of an image, as [`Extents::pieces`] gives them: in order and without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes that were written.
    Data {
        /// Where they start in the image.
        offset: u64,
        /// The bytes, one at least.
        bytes: &'a Bytes,
    },
    /// Nothing was written here; it reads as zeros.
    Hole {
        /// Where it starts in the image.
        offset: u64,
        /// Its length, one at least.
        len: u64,
    },
}

/// What keeps a part from being added to [`Extents`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtentError {
    /// The part ends behind the end of the image.
    #[error("{len} bytes at offset {offset} reach beyond the image's {size} bytes")]
    Beyond {
        /// Where the part starts.
        offset: u64,
        /// Its length.
        len: u64,
        /// Size of the image.
        size: u64,
    },
    /// The part covers bytes that another part has.
    #[error("{len} bytes at offset {offset} overlap the part at offset {other}")]
    Overlap {
        /// Where the part starts.
        offset: u64,
        /// Its length.
        len: u64,
        /// Where the part starts that is in the way.
        other: u64,
    },
}

impl Extents {
    /// An image of that many bytes, all of them holes.
    pub fn new(size: u64) -> Self {
        Self { size, parts: BTreeMap::new() }
    }

    /// Size of the image in bytes, holes included.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that were written.
    pub fn data_len(&self) -> u64 {
        self.parts.values().map(|part| part.len() as u64).sum()
    }

    /// Adds a part. Adding no bytes is no change.
    pub fn insert(&mut self, offset: u64, bytes: Bytes) -> Result<(), ExtentError> {
        let len = bytes.len() as u64;
        let end = offset.checked_add(len).filter(|end| *end <= self.size);
        let end = end.ok_or(ExtentError::Beyond { offset, len, size: self.size })?;
        if len == 0 {
            return Ok(());
        }
        if let Some((other, part)) = self.parts.range(..end).next_back()
            && other + part.len() as u64 > offset
        {
            return Err(ExtentError::Overlap { offset, len, other: *other });
        }
        self.parts.insert(offset, bytes);
        Ok(())
    }

    /// Adds all parts of another image, which starts at that offset of this one. When it does not fit, some of
    /// its parts may have been added.
    pub fn embed(&mut self, offset: u64, image: &Self) -> Result<(), ExtentError> {
        let beyond = ExtentError::Beyond { offset, len: image.size, size: self.size };
        if offset.checked_add(image.size).is_none_or(|end| end > self.size) {
            return Err(beyond);
        }
        image.parts.iter().try_for_each(|(at, bytes)| self.insert(offset + at, bytes.clone()))
    }

    /// The parts with their offsets, in order.
    pub fn parts(&self) -> impl Iterator<Item = (u64, &Bytes)> {
        self.parts.iter().map(|(offset, bytes)| (*offset, bytes))
    }

    /// The whole image from its first byte to its last, as parts and the holes between them.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut at = 0;
        let parts = self.parts().flat_map(move |(offset, bytes)| {
            let hole = (offset > at).then(|| Piece::Hole { offset: at, len: offset - at });
            at = offset + bytes.len() as u64;
            hole.into_iter().chain([Piece::Data { offset, bytes }])
        });
        let end = self.parts.last_key_value().map_or(0, |(offset, bytes)| offset + bytes.len() as u64);
        let rest = (self.size > end).then_some(Piece::Hole { offset: end, len: self.size - end });
        parts.chain(rest)
    }

    /// Fills the buffer with what the image reads at that offset: zeros for holes and behind the end.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) {
        buffer.fill(0);
        let end = offset.saturating_add(buffer.len() as u64);
        let first = self.parts.range(..=offset).next_back().map_or(offset, |(start, _)| *start);
        for (start, bytes) in self.parts.range(first..end) {
            let from = offset.max(*start);
            let to = end.min(start + bytes.len() as u64);
            if from < to {
                let source = &bytes[(from - start) as usize..(to - start) as usize];
                buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_may_touch_but_not_overlap_or_reach_beyond_the_end() {
        let mut image = Extents::new(10);
        assert_eq!(image.insert(2, Bytes::from_static(b"abc")), Ok(()));
        assert_eq!(image.insert(5, Bytes::from_static(b"d")), Ok(()));
        assert_eq!(image.insert(1, Bytes::from_static(b"x")), Ok(()));
        let overlap = |offset, len, other| Err(ExtentError::Overlap { offset, len, other });
        assert_eq!(image.insert(4, Bytes::from_static(b"y")), overlap(4, 1, 2));
        assert_eq!(image.insert(0, Bytes::from_static(b"yyyyyyyyyy")), overlap(0, 10, 5));
        let beyond = Err(ExtentError::Beyond { offset: 9, len: 2, size: 10 });
        assert_eq!(image.insert(9, Bytes::from_static(b"zz")), beyond);
        assert!(image.insert(u64::MAX, Bytes::from_static(b"zz")).is_err());
    }

    proptest! {
        #[test]
        fn pieces_and_reads_agree_with_a_plain_buffer(
            parts in prop::collection::vec((0_u64..200, 0_usize..40), 0..12),
            at in 0_u64..220, len in 0_usize..80,
        ) {
            let mut image = Extents::new(200);
            let mut plain = vec![0; 200];
            for (n, (offset, len)) in parts.into_iter().enumerate() {
                let bytes = Bytes::from(vec![n as u8 + 1; len]);
                if image.insert(offset, bytes.clone()).is_ok() {
                    plain[offset as usize..offset as usize + len].copy_from_slice(&bytes);
                }
            }
            let mut written = Vec::new();
            for piece in image.pieces() {
                let (offset, len) = match piece {
                    Piece::Data { offset, bytes } => (offset, bytes.len()),
                    Piece::Hole { offset, len } => (offset, len as usize),
                };
                prop_assert_eq!(offset, written.len() as u64);
                prop_assert!(len > 0);
                match piece {
                    Piece::Data { bytes, .. } => written.extend_from_slice(bytes),
                    Piece::Hole { .. } => written.resize(written.len() + len, 0),
                }
            }
            prop_assert_eq!(&written, &plain);
            let mut shifted = Extents::new(207);
            shifted.embed(7, &image).expect("it fits");
            plain.resize(400, 0);
            let mut buffer = vec![0xff; len];
            image.read(at, &mut buffer);
            prop_assert_eq!(&buffer, &plain[at as usize..at as usize + len]);
            shifted.read(at + 7, &mut buffer);
            prop_assert_eq!(&buffer, &plain[at as usize..at as usize + len]);
        }
    }
}
