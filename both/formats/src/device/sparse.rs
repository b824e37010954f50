//! A device in memory that stores only what is not zero, so that an almost empty 512 MiB partition costs what its
//! files cost. The builder makes the ESP in it and copies the extents into the disk image.

use std::{collections::BTreeMap, io, ops::Range};

use bytes::Bytes;

use super::{BlockDevice, within};
use crate::extent::{ExtentError, Extents};

/// Bytes of one page: big enough that a boot image is a few hundred pages, small enough that the tables of an
/// empty volume do not cost a megabyte.
const PAGE: usize = 64 * 1024;

/// Bytes that [`SparseMemory::into_extents`] tests for zero at once: the block size of the file systems that disk
/// images are stored on, below which a hole saves nothing.
const HOLE: usize = 4096;

/// A device in memory; what was never written reads as zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseMemory {
    size: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
}

impl SparseMemory {
    /// A device of that many bytes, all of them zero.
    pub fn new(size: u64) -> Self {
        Self { size, pages: BTreeMap::new() }
    }

    /// What is not zero, in whole 4 KiB blocks, without copying it.
    pub fn into_extents(self) -> Result<Extents, ExtentError> {
        let mut extents = Extents::new(self.size);
        for (page, bytes) in self.pages {
            let start = page * PAGE as u64;
            let bytes = Bytes::from(bytes);
            let used = usize::try_from(self.size - start).map_or(PAGE, |left| left.min(PAGE));
            for range in filled(&bytes[..used]) {
                extents.insert(start + range.start as u64, bytes.slice(range))?;
            }
        }
        Ok(extents)
    }

    /// Splits a range of the device at page borders: page number, offset in the page, length.
    fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
        let mut done = 0;
        std::iter::from_fn(move || {
            let at = offset + done as u64;
            let inside = (at % PAGE as u64) as usize;
            let part = (PAGE - inside).min(len - done);
            done += part;
            (part > 0).then_some((at / PAGE as u64, inside, part))
        })
    }
}

/// The blocks of a page that are not zero, neighbours together.
fn filled(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in (0..bytes.len()).step_by(HOLE) {
        let end = (at + HOLE).min(bytes.len());
        if !is_zero(&bytes[at..end]) {
            match found.last_mut() {
                Some(last) if last.end == at => last.end = end,
                _ => found.push(at..end),
            }
        }
    }
    found
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == 0)
}

impl BlockDevice for SparseMemory {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        within(self.size, offset, buffer.len())?;
        for (page, inside, len) in Self::pieces(offset, buffer.len()) {
            let (part, rest) = buffer.split_at_mut(len);
            match self.pages.get(&page) {
                Some(bytes) => part.copy_from_slice(&bytes[inside..inside + len]),
                None => part.fill(0),
            }
            buffer = rest;
        }
        Ok(())
    }

    fn write_at(&mut self, offset: u64, mut data: &[u8]) -> io::Result<()> {
        within(self.size, offset, data.len())?;
        for (page, inside, len) in Self::pieces(offset, data.len()) {
            let (part, rest) = data.split_at(len);
            data = rest;
            if let Some(bytes) = self.pages.get_mut(&page) {
                bytes[inside..inside + len].copy_from_slice(part);
            } else if !is_zero(part) {
                let mut bytes = vec![0; PAGE].into_boxed_slice();
                bytes[inside..inside + len].copy_from_slice(part);
                self.pages.insert(page, bytes);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
