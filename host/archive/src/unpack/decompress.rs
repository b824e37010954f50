//! Decompression into one buffer, with a limit on what comes out.

use std::io::Read;

use bytes::Bytes;
use corten_formats::deb::package::Compression;
use liblzma::stream::{Action, MtStreamBuilder, Status, Stream};

/// Memory that an xz decoder may use. `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 512 << 20;

/// From this size on a stream is decompressed by several threads, if it consists of several blocks, as dpkg-deb
/// writes them. Smaller packages keep all cores busy by being many.
const THREADED: usize = 4 << 20;

/// Space that is added to a full buffer at least.
const STEP: usize = 4 << 20;

/// Compressed data become this many times as large, as a first guess. Packages have 3 to 5.
const GUESS: usize = 4;

/// Why a stream can't be decompressed.
#[derive(Debug, thiserror::Error)]
pub enum DecompressError {
    /// The stream is damaged or cut off.
    #[error("the compressed data are damaged or cut off: {0}")]
    Damaged(String),
    /// More comes out than is allowed.
    #[error("it unpacks to more than {0} bytes")]
    TooLarge(u64),
}

/// Decompresses a whole stream.
pub fn decompress(data: &Bytes, compression: Compression, max: u64) -> Result<Bytes, DecompressError> {
    match compression {
        Compression::None if data.len() as u64 > max => Err(DecompressError::TooLarge(max)),
        Compression::None => Ok(data.clone()),
        Compression::Xz => xz(data, max),
        Compression::Gzip => read_all(flate2::read::MultiGzDecoder::new(&data[..]), data.len(), max),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&data[..]);
            let mut decoder = decoder.map_err(|error| DecompressError::Damaged(error.to_string()))?;
            let limited = decoder.window_log_max(27);
            limited.map_err(|error| DecompressError::Damaged(error.to_string()))?;
            read_all(decoder, data.len(), max)
        }
    }
}

fn read_all(decoder: impl Read, compressed: usize, max: u64) -> Result<Bytes, DecompressError> {
    let mut out = Vec::with_capacity(guess(compressed, max));
    let result = decoder.take(max + 1).read_to_end(&mut out);
    if out.len() as u64 > max {
        return Err(DecompressError::TooLarge(max));
    }
    result.map_err(|error| DecompressError::Damaged(error.to_string()))?;
    Ok(out.into())
}

fn xz(data: &[u8], max: u64) -> Result<Bytes, DecompressError> {
    let damaged = |error: liblzma::stream::Error| DecompressError::Damaged(error.to_string());
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u32);
    if data.len() >= THREADED && threads > 1 {
        let mut builder = MtStreamBuilder::new();
        builder.threads(threads).memlimit_threading(XZ_MEMORY).memlimit_stop(XZ_MEMORY);
        let mut decoder = builder.decoder().map_err(damaged)?;
        let out = run_xz(&mut decoder, data, max)?;
        // This decoder stops at the end of the first stream. More of them are rare enough to start over for.
        if decoder.total_in() == data.len() as u64 {
            return Ok(out);
        }
    }
    let mut decoder =
        Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED).map_err(damaged)?;
    run_xz(&mut decoder, data, max)
}

/// liblzma writes straight into the buffer, which is where most of the time of a build's unpacking goes.
fn run_xz(stream: &mut Stream, data: &[u8], max: u64) -> Result<Bytes, DecompressError> {
    let damaged = |error: liblzma::stream::Error| DecompressError::Damaged(error.to_string());
    let mut out = Vec::with_capacity(guess(data.len(), max));
    loop {
        if out.len() == out.capacity() {
            out.reserve(out.capacity().clamp(STEP, STEP * 16));
        }
        let read = usize::try_from(stream.total_in()).unwrap_or(data.len());
        let input = &data[read.min(data.len())..];
        let status = stream.process_vec(input, &mut out, Action::Finish).map_err(damaged)?;
        if out.len() as u64 > max {
            return Err(DecompressError::TooLarge(max));
        }
        match status {
            Status::StreamEnd => return Ok(out.into()),
            Status::MemNeeded if out.len() < out.capacity() => {
                return Err(DecompressError::Damaged("the stream is cut off".to_owned()));
            }
            _ => {}
        }
    }
}

fn guess(compressed: usize, max: u64) -> usize {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    compressed.saturating_mul(GUESS).clamp(4096, 1 << 30).min(max)
}
