//! The partition table of a disk image, and its partitions as devices of their own.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use corten_formats::device::{BlockDevice, FileDevice};
use corten_formats::gpt::{self, Found, Guid, SectorSize};

/// The table of a disk, from whichever copy is whole.
pub fn table(disk: &Path) -> Result<Found> {
    let file = File::open(disk).with_context(|| disk.display().to_string())?;
    read(&FileDevice::new(file)?)
}

fn read(disk: &FileDevice) -> Result<Found> {
    Ok(gpt::read(SectorSize::S512, disk.size(), |offset, buffer| disk.read_at(offset, buffer))?)
}

/// The partition of a type; the first one of several.
pub fn of_kind(found: &Found, kind: Guid) -> Result<(&gpt::Partition, Range<u64>)> {
    let mut all = found.table.partitions.iter();
    let (number, partition) =
        all.find(|(_, partition)| partition.kind == kind).context("the disk has no such partition")?;
    Ok((partition, found.table.bytes(*number).context("it has no range")?))
}

/// Where the partition of a type lies on a disk, bytes.
pub fn range(disk: &Path, kind: Guid) -> Result<Range<u64>> {
    Ok(of_kind(&table(disk)?, kind)?.1)
}

/// A partition of a disk image, open for changes.
pub struct Partition {
    disk: FileDevice,
    range: Range<u64>,
}

impl Partition {
    /// Opens the partition of a type.
    pub fn open(disk: &Path, kind: Guid) -> Result<Self> {
        let file = File::options().read(true).write(true).open(disk);
        let disk = FileDevice::new(file.with_context(|| disk.display().to_string())?)?;
        let range = of_kind(&read(&disk)?, kind)?.1;
        Ok(Self { disk, range })
    }

    /// All its bytes.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.size() as usize];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }
}

impl BlockDevice for Partition {
    fn size(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.disk.read_at(self.range.start + offset, buffer)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write_at(self.range.start + offset, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disk.flush()
    }
}
