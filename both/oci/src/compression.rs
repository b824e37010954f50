//! Compression of layers and archives. What bytes are compressed with is seen in the bytes: media types and names of
//! files are wrong often enough.

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Gzip, which everybody reads (RFC 1952).
    Gzip,
    /// Zstandard, which unpacks several times faster (RFC 8878).
    Zstd,
}

/// Level of what is written. A change gives every layer other bytes.
const GZIP_LEVEL: u32 = 6;

/// Level of what is written. A change gives every layer other bytes.
const ZSTD_LEVEL: i32 = 9;

/// Largest window of what is read, as a power of two: 128 MiB, the most that decoders are advised to take.
const ZSTD_WINDOW: u32 = 27;

/// First bytes of a gzip member with its only method.
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// First bytes of a frame of zstd.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

impl Compression {
    /// What the first bytes show.
    pub fn of(start: &[u8]) -> Self {
        if start.starts_with(&GZIP_MAGIC) {
            Self::Gzip
        } else if start.starts_with(&ZSTD_MAGIC) {
            Self::Zstd
        } else {
            Self::None
        }
    }
}

/// Bytes without their compression. They end where the compressed ones end, so that a reader below which verifies is
/// read to its end.
pub struct Decoder<'a> {
    compression: Compression,
    inner: Box<dyn Read + 'a>,
}

impl<'a> Decoder<'a> {
    /// Looks at the first bytes.
    pub fn new(mut input: impl Read + 'a) -> io::Result<Self> {
        let mut start = Vec::with_capacity(ZSTD_MAGIC.len());
        (&mut input).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut start)?;
        let compression = Compression::of(&start);
        let input = io::Cursor::new(start).chain(BufReader::with_capacity(1 << 16, input));
        Ok(Self { compression, inner: decoder(input, compression)? })
    }

    /// How they are compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }
}

fn decoder<'a>(input: impl BufRead + 'a, compression: Compression) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(MultiGzDecoder::new(input)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(input)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
    })
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

/// Compresses what is written to it, always in the same way.
pub enum Encoder<W: Write> {
    /// Not at all.
    None(W),
    /// Gzip, without time and name.
    Gzip(GzEncoder<W>),
    /// Zstandard, with a checksum of its content.
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Writes to `out`.
    pub fn new(out: W, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(out),
            Compression::Gzip => Self::Gzip(GzEncoder::new(out, flate2::Compression::new(GZIP_LEVEL))),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::None(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(out) => out.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
