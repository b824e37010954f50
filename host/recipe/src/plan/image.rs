//! The part of a plan that is about the image: sizes, compression, formats.

use serde::Serialize;

use crate::types::{BadValue, Size};

/// Sizes, compression, formats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    /// How the root image is compressed.
    pub compression: Compression,
    /// Bytes that are compressed at once: a power of two from 4 KiB to 1 MiB.
    pub piece_size: Size,
    /// Size of the partition for a root image, a multiple of 1 MiB.
    pub slot_size: Size,
    /// Size of the partition for its hash tree, a multiple of 1 MiB. The tree of a full slot fits.
    pub verity_size: Size,
    /// Size of the EFI system partition, a multiple of 1 MiB.
    pub esp_size: Size,
    /// What a build makes, each once, at least one.
    pub formats: Vec<Format>,
}

/// How the root image is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "algorithm", rename_all = "kebab-case")]
pub enum Compression {
    /// Not at all.
    None,
    /// LZ4: larger, and quicker to read.
    Lz4,
    /// Zstandard.
    Zstd {
        /// 1 to 22.
        level: u8,
    },
}

/// What a build makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Format {
    /// The disk, sparse.
    #[serde(rename = "raw")]
    Raw,
    /// The disk, compressed with Zstandard.
    #[serde(rename = "raw.zst")]
    RawZst,
    /// The disk for QEMU.
    #[serde(rename = "qcow2")]
    Qcow2,
    /// The boot image alone.
    #[serde(rename = "uki")]
    Uki,
    /// The root image alone.
    #[serde(rename = "root")]
    Root,
    /// The tree as a tar archive.
    #[serde(rename = "tar")]
    Tar,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Raw, Self::RawZst, Self::Qcow2, Self::Uki, Self::Root, Self::Tar];

    /// Its name, in recipes and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::RawZst => "raw.zst",
            Self::Qcow2 => "qcow2",
            Self::Uki => "uki",
            Self::Root => "root",
            Self::Tar => "tar",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Format {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let names = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| crate::nearest::not_among(text, &names))
    }
}
