//! A disk image as a sparse file, or compressed with zstd.

use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use corten_formats::extent::{Extents, Piece};

use super::atomic::write_atomically;
use crate::error::Error;

/// Writes a sparse file: holes of the image stay holes.
pub fn write_raw(path: &Path, image: &Extents) -> Result<(), Error> {
    write_atomically(path, |file| {
        file.set_len(image.size())?;
        image.parts().try_for_each(|(offset, bytes)| file.write_all_at(bytes, offset))
    })
}

/// zstd's level for whole images: what is in them is compressed already, and the rest is zeros.
const LEVEL: i32 = 3;

/// Writes the image compressed. One frame on one thread, so the bytes do not depend on the number of cores.
pub fn write_compressed(path: &Path, image: &Extents) -> Result<(), Error> {
    let zeros = vec![0; 1 << 20];
    write_atomically(path, |file| {
        let mut encoder = zstd::Encoder::new(file, LEVEL)?;
        encoder.include_checksum(true)?;
        encoder.set_pledged_src_size(Some(image.size()))?;
        encoder.include_contentsize(true)?;
        for piece in image.pieces() {
            match piece {
                Piece::Data { bytes, .. } => encoder.write_all(bytes)?,
                Piece::Hole { mut len, .. } => {
                    while len > 0 {
                        let part = len.min(zeros.len() as u64);
                        encoder.write_all(&zeros[..part as usize])?;
                        len -= part;
                    }
                }
            }
        }
        encoder.finish().map(drop)
    })
}
