//! One piece of data into one pcluster.

use zstd::bulk::Compressor;

use crate::erofs::format::BLOCK;
use crate::erofs::options::Compression;

/// What a thread keeps between pieces: making a zstd context for each would take as long as a small piece.
#[derive(Default)]
pub struct PieceCompressor {
    zstd: Option<(u8, Compressor<'static>)>,
    buffer: Vec<u8>,
}

impl PieceCompressor {
    /// The piece compressed, with zeros in front up to whole blocks; `None` where that saves no block.
    pub fn compress(&mut self, piece: &[u8], compression: Compression) -> Option<Vec<u8>> {
        let room = piece.len().div_ceil(BLOCK).saturating_sub(1) * BLOCK;
        if room == 0 {
            return None;
        }
        let length = match compression {
            Compression::None => return None,
            Compression::Lz4 => self.lz4(piece),
            Compression::Zstd { level } => self.zstd(piece, level),
        };
        if length > room {
            return None;
        }
        let mut padded = vec![0; length.next_multiple_of(BLOCK)];
        let start = padded.len() - length;
        padded[start..].copy_from_slice(&self.buffer[..length]);
        Some(padded)
    }

    fn lz4(&mut self, piece: &[u8]) -> usize {
        self.buffer.resize(lz4_flex::block::get_maximum_output_size(piece.len()), 0);
        lz4_flex::block::compress_into(piece, &mut self.buffer).expect("the buffer has the maximum size")
    }

    fn zstd(&mut self, piece: &[u8], level: u8) -> usize {
        self.buffer.resize(zstd::zstd_safe::compress_bound(piece.len()), 0);
        if self.zstd.as_ref().is_none_or(|(of, _)| *of != level) {
            let compressor = Compressor::new(i32::from(level)).expect("zstd clamps a level to those it has");
            self.zstd = Some((level, compressor));
        }
        let (_, compressor) = self.zstd.as_mut().expect("it was made above");
        compressor.compress_to_buffer(piece, &mut self.buffer[..]).expect("the buffer has the maximum size")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_data_stands_at_the_end_of_whole_blocks() {
        let piece = b"corten ".repeat(3000);
        for compression in [Compression::Lz4, Compression::Zstd { level: 3 }] {
            let packed = PieceCompressor::default().compress(&piece, compression).unwrap();
            assert_eq!(packed.len(), BLOCK);
            assert_eq!(packed[0], 0);
            let data: Vec<u8> = packed.iter().copied().skip_while(|b| *b == 0).collect();
            let unpacked = match compression {
                Compression::Lz4 => lz4_flex::block::decompress(&data, piece.len()).unwrap(),
                _ => zstd::bulk::decompress(&data, piece.len()).unwrap(),
            };
            assert_eq!(unpacked, piece);
        }
    }

    #[test]
    fn what_saves_no_block_is_left_alone() {
        let mut noise = [0; 2 * BLOCK];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd { level: 3 }] {
            assert_eq!(PieceCompressor::default().compress(&noise, compression), None);
            assert_eq!(PieceCompressor::default().compress(&[0; BLOCK], compression), None);
        }
    }

    #[test]
    fn one_compressor_serves_changing_levels() {
        let piece = b"corten ".repeat(3000);
        let mut compressor = PieceCompressor::default();
        let first = compressor.compress(&piece, Compression::Zstd { level: 9 });
        compressor.compress(&piece, Compression::Zstd { level: 1 });
        assert_eq!(compressor.compress(&piece, Compression::Zstd { level: 9 }), first);
    }
}
