//! What formats that change in place lie on: FAT volumes, partition tables, the record of starts. Memory, a file, a
//! partition and a device that records its writes for the simulation of power cuts all fit behind one trait.

mod sparse;

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    os::unix::fs::FileExt,
};

pub use sparse::SparseMemory;

/// A row of bytes of fixed size with an order of writes.
///
/// Writes before a [`BlockDevice::flush`] reach stable storage before any write after it. Between two flushes the
/// order is open, and each aligned 512-byte sector is written whole or not at all.
pub trait BlockDevice {
    /// Size in bytes. It does not change while the device is in use.
    fn size(&self) -> u64;

    /// Fills the buffer from the given byte offset; reading past the end is an error.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of the data at the given byte offset; writing past the end is an error.
    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Returns when everything written before is on stable storage.
    fn flush(&mut self) -> io::Result<()>;
}

impl<D: BlockDevice + ?Sized> BlockDevice for &mut D {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        (**self).write_at(offset, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }
}

/// A regular file or a block device of the kernel.
#[derive(Debug)]
pub struct FileDevice {
    file: File,
    size: u64,
}

impl FileDevice {
    /// Takes an open file. Its size is where its end is, which holds for block devices as well.
    pub fn new(mut file: File) -> io::Result<Self> {
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, size })
    }

    fn within(&self, offset: u64, len: usize) -> io::Result<()> {
        within(self.size, offset, len)
    }
}

impl BlockDevice for FileDevice {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.within(offset, buffer.len())?;
        self.file.read_exact_at(buffer, offset)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.within(offset, data.len())?;
        self.file.write_all_at(data, offset)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Refuses a range that does not lie wholly on a device of that size.
fn within(size: u64, offset: u64, len: usize) -> io::Result<()> {
    match offset.checked_add(len as u64) {
        Some(end) if end <= size => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{len} bytes at {offset} do not lie on a device of {size} bytes"),
        )),
    }
}
