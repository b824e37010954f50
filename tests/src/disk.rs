//! Copies of a disk with one wrong byte.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corten_formats::gpt::{Guid, SectorSize, read, types};
use corten_vm::sparse_copy;

use crate::workshop::Workshop;

/// A place on a disk.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// The superblock of the root's file system, the first that a mount reads (EROFS has it at 1024).
    RootSuperblock,
    /// The top block of the hash tree, right behind the superblock of dm-verity.
    TopHashBlock,
}

impl Place {
    fn partition(self) -> Guid {
        match self {
            Self::RootSuperblock => types::ROOT_X86_64,
            Self::TopHashBlock => types::ROOT_X86_64_VERITY,
        }
    }

    fn offset(self) -> u64 {
        match self {
            Self::RootSuperblock => 1024 + 64,
            Self::TopHashBlock => 4096 + 7,
        }
    }
}

/// A copy of a disk with one bit of a byte turned around.
pub fn with_flipped_byte(workshop: &Workshop, disk: &Path, place: Place) -> Result<PathBuf> {
    let copy = workshop.path(&format!("flipped-{place:?}.raw").to_lowercase());
    sparse_copy(disk, &copy)?;
    let file = File::options().read(true).write(true).open(&copy)?;
    let size = file.metadata()?.len();
    let found = read(SectorSize::S512, size, |offset, buffer| file.read_exact_at(buffer, offset))?;
    let mut partitions = found.table.partitions.iter();
    let kind = place.partition();
    let number = partitions.find_map(|(number, partition)| (partition.kind == kind).then_some(*number));
    let range = number.and_then(|number| found.table.bytes(number));
    let at = range.context("the disk has no such partition")?.start + place.offset();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
    Ok(copy)
}
