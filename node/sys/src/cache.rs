//! The page cache: what need not be kept there, and what will be read soon.

use std::num::NonZeroU64;
use std::os::fd::AsFd;

use rustix::fs::Advice;

/// Has a whole file read while the caller goes on.
pub fn expect(file: impl AsFd) {
    // It is advice: what is not read now is read when it is asked for.
    let _ = rustix::fs::fadvise(file, 0, None, Advice::WillNeed);
}

/// Drops what is kept of a stretch of a file or device, so that the next read comes from the disk.
pub fn forget(file: impl AsFd, offset: u64, bytes: u64) {
    // It is advice: where the kernel keeps the pages, a read is as good as their content is.
    let _ = rustix::fs::fadvise(file, offset, NonZeroU64::new(bytes), Advice::DontNeed);
}
