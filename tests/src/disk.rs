//! Copies of a disk with one wrong byte.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corten_formats::device::BlockDevice as _;
use corten_formats::erofs;
use corten_formats::gpt::{Guid, types};
use corten_vm::sparse_copy;

use crate::partition::Partition;
use crate::workshop::Workshop;

/// A place on a disk.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// The superblock of the root's file system, the first that a mount reads (EROFS has it at 1024).
    RootSuperblock,
    /// The top block of the hash tree, right behind the superblock of dm-verity.
    TopHashBlock,
    /// The first block of containerd, which is read ahead as soon as the root is mounted.
    Containerd,
    /// The first block of crun, which nothing reads before a container starts.
    Crun,
}

impl Place {
    fn partition(self) -> Guid {
        match self {
            Self::RootSuperblock | Self::Containerd | Self::Crun => types::ROOT_X86_64,
            Self::TopHashBlock => types::ROOT_X86_64_VERITY,
        }
    }

    /// Where it lies in its partition, bytes.
    fn offset(self, partition: &Partition) -> Result<u64> {
        match self {
            Self::RootSuperblock => Ok(1024 + 64),
            Self::TopHashBlock => Ok(4096 + 7),
            Self::Containerd => block_of(&partition.bytes()?, "/usr/bin/containerd"),
            Self::Crun => block_of(&partition.bytes()?, "/usr/bin/crun"),
        }
    }
}

/// Blocks of a root have that many bytes.
const BLOCK: u64 = 4096;

/// Some byte of the first block with the content of a file of a root, from the list of what lies where.
pub fn block_of(root: &[u8], path: &str) -> Result<u64> {
    let list = erofs::debug::dump(root, &erofs::Limits::default())?;
    let line = list.lines().find(|line| line.split(' ').next() == Some(path)).context("not in the root")?;
    let block = line.split_once('@').and_then(|(_, place)| place.split_once('+'));
    let block: u64 = block.and_then(|(block, _)| block.parse().ok()).with_context(|| line.to_owned())?;
    Ok(block * BLOCK + BLOCK / 2)
}

/// A copy of a disk with one bit of a byte turned around.
pub fn with_flipped_byte(workshop: &Workshop, disk: &Path, place: Place) -> Result<PathBuf> {
    let copy = workshop.path(&format!("flipped-{place:?}.raw").to_lowercase());
    sparse_copy(disk, &copy)?;
    let mut partition = Partition::open(&copy, place.partition())?;
    let at = place.offset(&partition)?;
    let mut byte = [0];
    partition.read_at(at, &mut byte)?;
    partition.write_at(at, &[byte[0] ^ 1])?;
    Ok(copy)
}
