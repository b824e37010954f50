//! The scrub of one slot: every block of it read once, at the lowest priority, past the page cache.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use corten_disk::Slot;
use corten_formats::verity::{RootHash, ScrubError, Scrubbed, scrub};
use corten_sys::cache;

/// Bad blocks that are named one by one.
const NAMED: u64 = 16;

/// Why a slot can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("device {0}: {1}")]
    Device(String, io::Error),
    #[error(transparent)]
    Scrub(#[from] ScrubError),
}

/// Reads a slot, and prints the first bad blocks.
pub(super) fn read(slot: &Slot, root_hash: &RootHash) -> Result<Scrubbed, Error> {
    let (data, tree) = (open(&slot.data)?, open(&slot.verity)?);
    let mut named = 0;
    let result = scrub(
        &|at, buffer| read_at(&data, at, buffer),
        &|at, buffer| read_at(&tree, at, buffer),
        root_hash,
        &mut |bad| {
            named += 1;
            if named <= NAMED {
                println!("{bad} of {} is corrupt", slot.label);
            }
        },
    );
    Ok(result?)
}

/// Opens a device by its number, `254:2` for example.
fn open(number: &str) -> Result<File, Error> {
    let failed = |error| Error::Device(number.into(), error);
    let link = fs::read_link(format!("/sys/dev/block/{number}")).map_err(failed)?;
    let name = link.file_name().unwrap_or_default();
    File::open(PathBuf::from("/dev").join(name)).map_err(failed)
}

/// Reads from the disk itself, and leaves the page cache to those who need it.
fn read_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<()> {
    cache::forget(file, at, buffer.len() as u64);
    let read = file.read_exact_at(buffer, at);
    cache::forget(file, at, buffer.len() as u64);
    read
}
