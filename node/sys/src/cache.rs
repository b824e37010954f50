//! The page cache: what need not be kept there, and what will be read soon.

use std::fs::File;
use std::num::NonZeroU64;
use std::os::fd::AsFd;

use rustix::fs::Advice;

/// The kernel reads no more than this on one advice: what its limit for requests to the disk is, mostly.
const AT_ONCE: u64 = 1 << 20;

/// Has a whole program read before it starts. Returns when all of it was asked for, which for a compressed one may take
/// as long as unpacking it.
pub fn expect_program(path: &str) {
    // It is advice: what is not read now is read when it is asked for.
    let Ok(file) = File::open(path) else { return };
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    for offset in (0..bytes).step_by(AT_ONCE as usize) {
        let _ = rustix::fs::fadvise(&file, offset, NonZeroU64::new(AT_ONCE), Advice::WillNeed);
    }
}

/// Drops what is kept of a stretch of a file or device, so that the next read comes from the disk.
pub fn forget(file: impl AsFd, offset: u64, bytes: u64) {
    // It is advice: where the kernel keeps the pages, a read is as good as their content is.
    let _ = rustix::fs::fadvise(file, offset, NonZeroU64::new(bytes), Advice::DontNeed);
}
