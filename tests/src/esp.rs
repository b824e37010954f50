//! The EFI system partition of a disk image, for scenarios that put something else there.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use corten_formats::fat::{BlockDevice, FileDevice, Timestamp, Writer};
use corten_formats::gpt::{SectorSize, read, types};

/// A partition of a disk.
pub struct Partition {
    disk: FileDevice,
    start: u64,
    size: u64,
}

impl BlockDevice for Partition {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.disk.read_at(self.start + offset, buffer)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write_at(self.start + offset, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disk.flush()
    }
}

/// The EFI system partition of a disk, opened for changes.
pub struct Esp(Writer<Partition>);

impl Esp {
    /// Opens it.
    pub fn open(disk: &Path) -> Result<Self> {
        let disk = FileDevice::new(File::options().read(true).write(true).open(disk)?)?;
        let found = read(SectorSize::S512, disk.size(), |offset, buffer| disk.read_at(offset, buffer))?;
        let mut partitions = found.table.partitions.iter();
        let number = partitions.find_map(|(number, one)| (one.kind == types::ESP).then_some(*number));
        let range = number.and_then(|number| found.table.bytes(number)).context("the disk has no ESP")?;
        let (start, size) = (range.start, range.end - range.start);
        Ok(Self(Writer::open(Partition { disk, start, size })?))
    }

    /// Content of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.0.volume().read_file(path).with_context(|| path.to_owned())
    }

    /// Puts a file there, in place of another of that name; its directories are made.
    pub fn put(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let time = Timestamp::from_unix(1_700_000_000);
        for (end, _) in path.match_indices('/') {
            if self.0.volume().entry(&path[..end]).is_err() {
                self.0.mkdir(&path[..end], time).with_context(|| path.to_owned())?;
            }
        }
        if self.0.volume().entry(path).is_ok() {
            self.0.remove(path)?;
        }
        self.0.write_file(path, content, time).with_context(|| path.to_owned())
    }

    /// Ends the changes.
    pub fn close(self) -> Result<()> {
        self.0.finish()?;
        Ok(())
    }
}
