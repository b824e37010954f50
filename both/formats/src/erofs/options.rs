//! What the caller decides about an image: identity, time, and how file data is packed.

use std::collections::BTreeMap;

use crate::tree::NodeId;

/// How the data of a file is made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// As it is.
    None,
    /// LZ4, fast variant.
    Lz4,
    /// Zstandard.
    Zstd {
        /// 1 to 22.
        level: u8,
    },
}

/// Bytes of a file that are compressed together: a power of two from 8 KiB to 1 MiB.
///
/// Large pieces compress better, and less is lost by padding to blocks; small ones are cheaper where the kernel
/// needs a single page, because it unpacks a piece from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceSize(u32);

/// The size given for a piece is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes is not a piece size, which is a power of two from 8192 to 1048576")]
pub struct PieceSizeError(pub u32);

impl PieceSize {
    /// 64 KiB.
    pub const KIB_64: Self = Self(64 << 10);
    /// 128 KiB.
    pub const KIB_128: Self = Self(128 << 10);
    /// 256 KiB.
    pub const KIB_256: Self = Self(256 << 10);

    /// A piece of so many bytes.
    pub fn new(bytes: u32) -> Result<Self, PieceSizeError> {
        let fits = bytes.is_power_of_two() && (8 << 10..=1 << 20).contains(&bytes);
        fits.then_some(Self(bytes)).ok_or(PieceSizeError(bytes))
    }

    /// Its bytes.
    pub fn bytes(self) -> usize {
        self.0 as usize
    }
}

/// Compression together with the size of its pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packing {
    /// How.
    pub compression: Compression,
    /// How much at once.
    pub piece: PieceSize,
}

impl Packing {
    /// Data as it is.
    pub const NONE: Self = Self { compression: Compression::None, piece: PieceSize::KIB_128 };
}

/// What an image is made with. The same tree and options give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Identity of the volume.
    pub uuid: [u8; 16],
    /// Time of the superblock, seconds since 1970. Nodes with just this time take 32 bytes less.
    pub epoch: u64,
    /// Packing of all files but those in `exceptions`.
    pub packing: Packing,
    /// Files that are packed in another way: those that every boot reads, for example.
    pub exceptions: BTreeMap<NodeId, Packing>,
}

impl Options {
    /// Options without compression and exceptions.
    pub fn new(uuid: [u8; 16], epoch: u64) -> Self {
        Self { uuid, epoch, packing: Packing::NONE, exceptions: BTreeMap::new() }
    }

    /// How the file of that number is packed.
    pub fn packing_of(&self, id: NodeId) -> Packing {
        self.exceptions.get(&id).copied().unwrap_or(self.packing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn piece_sizes_are_powers_of_two_within_the_kernel_s_limits() {
        for bytes in [8 << 10, 64 << 10, 1 << 20] {
            assert_eq!(PieceSize::new(bytes).map(PieceSize::bytes), Ok(bytes as usize));
        }
        for bytes in [0, 4096, 96 << 10, 2 << 20] {
            assert_eq!(PieceSize::new(bytes), Err(PieceSizeError(bytes)));
        }
    }
}
