//! What archives are read from: a stream that goes forward, or something that is read at any place, a file for
//! example, in which content that nobody wants is not read at all.

use std::fs::File;
use std::io::{self, Read};

/// Bytes that are read at any place, by several at a time.
pub trait ReadAt {
    /// Reads some bytes from this place on; none only at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// How many bytes there are.
    fn size(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).map_or(self.len(), |offset| offset.min(self.len()));
        let rest = &self[start..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        (**self).size()
    }
}

/// What an archive is read from.
pub trait Input: Read {
    /// Passes over so many bytes, or as many as there are: how many that was.
    fn skip(&mut self, count: u64) -> io::Result<u64>;
}

/// A part of something that is read at any place, as a reader.
#[derive(Clone, Copy, Debug)]
pub struct Piece<R> {
    inner: R,
    at: u64,
    left: u64,
}

impl<R: ReadAt> Piece<R> {
    /// So many bytes from this place on.
    pub fn new(inner: R, offset: u64, length: u64) -> Self {
        Self { inner, at: offset, left: length }
    }

    /// All of it.
    pub fn whole(inner: R) -> io::Result<Self> {
        let left = inner.size()?;
        Ok(Self { inner, at: 0, left })
    }

    /// Bytes that are not read yet.
    pub fn length(&self) -> u64 {
        self.left
    }
}

impl<R: ReadAt> Read for Piece<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.inner.read_at(&mut buffer[..most], self.at)?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

impl<R: ReadAt> Input for Piece<R> {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let count = count.min(self.left);
        self.at += count;
        self.left -= count;
        Ok(count)
    }
}
