//! Remnants of writes into an image file, zeros as holes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::cut::Remnant;

/// Puts remnants over an image, in order.
pub fn write_image(image: &File, remnants: &[Remnant<'_>]) -> io::Result<()> {
    for remnant in remnants {
        let range = remnant.range();
        match remnant.bytes() {
            Some(bytes) => image.write_all_at(bytes, range.start)?,
            None => write_zeros(image, range.start, range.end - range.start)?,
        }
    }
    Ok(())
}

/// Zeros without space where the file system has holes, written ones elsewhere.
pub fn write_zeros(image: &File, offset: u64, length: u64) -> io::Result<()> {
    if length == 0 {
        return Ok(());
    }
    match fallocate(image, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, offset, length) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
        other => return other.map_err(io::Error::from),
    }
    let zeros = vec![0; length.min(1 << 20) as usize];
    let mut at = 0;
    while at < length {
        let count = (length - at).min(zeros.len() as u64);
        image.write_all_at(&zeros[..count as usize], offset + at)?;
        at += count;
    }
    Ok(())
}
