//! One extent from its packed form.

use std::io::Read;

use super::extents::Algorithm;
use super::{Extent, Inode, ReadError};
use crate::erofs::format::{BLOCK, PCLUSTER_MAX_DECODED, algorithm};

/// Largest window of a Zstandard frame, as a power of two: no pcluster may decode to more than 12 MiB.
const WINDOW_LOG_MAX: u32 = 24;

/// The packed form of an extent.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'i> {
    /// Whole blocks, or what stands behind the index.
    pub bytes: &'i [u8],
    /// Compressed data has zeros in front, not behind.
    pub padded: bool,
}

/// The bytes of an extent.
pub fn unpack(
    inode: &Inode,
    extent: &Extent,
    method: Algorithm,
    packed: Packed<'_>,
) -> Result<Vec<u8>, ReadError> {
    let number = match method {
        Algorithm::Stored => {
            let len = usize::try_from(extent.len).unwrap_or(usize::MAX);
            let data = packed.bytes.get(..len).map(<[u8]>::to_vec);
            return data.ok_or_else(|| inode.wrong("a stored extent is longer than its blocks"));
        }
        Algorithm::Interlaced => return interlaced(inode, extent, packed.bytes),
        Algorithm::Compressed(number) => number,
    };
    if extent.len > PCLUSTER_MAX_DECODED as u64 {
        return Err(inode.wrong("a compressed extent is longer than 12 MiB"));
    }
    let mut bytes = packed.bytes;
    if packed.padded {
        let padding = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes = &bytes[padding..];
    }
    let len = extent.len as usize;
    let data = match number {
        algorithm::LZ4 => lz4(bytes, len),
        algorithm::ZSTD => zstd(bytes, len),
        algorithm::LZMA => return Err(ReadError::Unsupported("MicroLZMA compression".to_owned())),
        algorithm::DEFLATE => return Err(ReadError::Unsupported("DEFLATE compression".to_owned())),
        other => return Err(ReadError::Unsupported(format!("compression algorithm {other}"))),
    };
    data.ok_or_else(|| inode.wrong("compressed data is damaged"))
}

/// Data whose first bytes stand at the end of the last block, at the offset within a block that they have in the
/// file, and the rest from the first block on.
fn interlaced(inode: &Inode, extent: &Extent, blocks: &[u8]) -> Result<Vec<u8>, ReadError> {
    let wrong = || inode.wrong("an interlaced extent is longer than its blocks");
    let len = usize::try_from(extent.len).map_err(|_| wrong())?;
    if len > blocks.len() {
        return Err(wrong());
    }
    let to_block_end = BLOCK - (extent.start % BLOCK as u64) as usize;
    let first = blocks.len().checked_sub(to_block_end).ok_or_else(wrong)?;
    let mut out = blocks[first..].to_vec();
    out.truncate(len);
    out.extend_from_slice(&blocks[..len - out.len()]);
    Ok(out)
}

fn zstd(frame: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(frame).ok()?;
    decoder.window_log_max(WINDOW_LOG_MAX).ok()?;
    let mut out = vec![0; len];
    decoder.read_exact(&mut out).ok()?;
    Some(out)
}

/// Decodes an LZ4 block until there are `len` bytes, and leaves the rest: pclusters that are shared by several
/// files may go on, and those of old images end in zeros that are no data. `lz4_flex` can only decode all.
fn lz4(mut block: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(len);
    loop {
        let token = take(&mut block)?;
        let literals = length(&mut block, token >> 4)?.min(len - out.len());
        out.extend_from_slice(block.split_off(..literals)?);
        if out.len() == len {
            return Some(out);
        }
        let distance = usize::from(u16::from_le_bytes([take(&mut block)?, take(&mut block)?]));
        let matched = (length(&mut block, token & 15)?.saturating_add(4)).min(len - out.len());
        let from = out.len().checked_sub(distance).filter(|_| distance != 0)?;
        if distance >= matched {
            out.extend_from_within(from..from + matched);
        } else {
            for at in from..from + matched {
                out.push(out[at]);
            }
        }
        if out.len() == len {
            return Some(out);
        }
    }
}

fn take(block: &mut &[u8]) -> Option<u8> {
    block.split_off_first().copied()
}

/// A length with its further bytes: 15 in the token says that there are some, 255 that there are more.
fn length(block: &mut &[u8], in_token: u8) -> Option<usize> {
    let mut length = usize::from(in_token);
    if in_token == 15 {
        loop {
            let more = take(block)?;
            length = length.checked_add(usize::from(more))?;
            if more != 255 {
                break;
            }
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lz4_decodes_what_lz4_flex_encodes(words in prop::collection::vec("[a-d]{1,6}", 1..400), cut in 0.0..1.0f64) {
            let data = words.concat().into_bytes();
            let block = lz4_flex::block::compress(&data);
            prop_assert_eq!(lz4(&block, data.len()), Some(data.clone()));
            let part = (data.len() as f64 * cut) as usize;
            prop_assert_eq!(lz4(&block, part), Some(data[..part].to_vec()));
        }

        #[test]
        fn lz4_refuses_or_decodes_any_bytes(block in prop::collection::vec(any::<u8>(), 0..200), len in 0usize..5000) {
            if let Some(out) = lz4(&block, len) {
                prop_assert_eq!(out.len(), len);
            }
        }
    }
}
