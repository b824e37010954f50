//! The part of a plan that is about the image: sizes, compression, formats.

use corten_document::{Court, KeyPath, Problem};
use serde::Serialize;

use crate::types::{BadValue, Size};
use crate::written;

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
            .ok_or_else(|| corten_document::BadValue::not_among(text, &names))
    }
}

/// Level where a recipe says nothing, the one that `base` has.
const ZSTD_LEVEL: u8 = 9;

/// Smallest EFI system partition: FAT32 needs 65,525 clusters, and two boot images have to fit.
const ESP_SMALLEST: Size = Size::mib(64);

/// Checks sizes against each other and fills in what is not written.
pub(super) fn decide(written: written::Image, court: &mut Court<'_>) -> Image {
    let compression = decide_compression(&written, court);
    let piece_size = written.piece_size.unwrap_or(Size::kib(128));
    let bytes = piece_size.bytes();
    if !bytes.is_power_of_two() || !(Size::kib(4)..=Size::mib(1)).contains(&piece_size) {
        bad_size("piece-size", piece_size, "a power of two from 4 KiB to 1 MiB", None, court);
    }
    let slot_size = in_mib("slot-size", written.slot_size.unwrap_or(Size::mib(1024)), Size::mib(16), court);
    let esp_size = in_mib("esp-size", written.esp_size.unwrap_or(Size::mib(512)), ESP_SMALLEST, court);
    let smallest = hash_tree_size(slot_size).round_up(Size::mib(1));
    let verity_size = in_mib("verity-size", written.verity_size.unwrap_or(smallest), smallest, court);
    let formats = written.formats.unwrap_or_else(|| vec![Format::Raw]);
    if formats.is_empty() {
        let names = Format::ALL.map(|format| format!("`{format}`")).join(", ");
        court.missing(&KeyPath::of(&["image", "formats"]), &format!("name at least one of {names}"));
    }
    Image { compression, piece_size, slot_size, verity_size, esp_size, formats }
}

fn decide_compression(written: &written::Image, court: &mut Court<'_>) -> Compression {
    let algorithm = written.compression.unwrap_or(written::Algorithm::Zstd);
    let compression = match algorithm {
        written::Algorithm::Zstd => {
            return Compression::Zstd { level: written.compression_level.unwrap_or(ZSTD_LEVEL) };
        }
        written::Algorithm::Lz4 => Compression::Lz4,
        written::Algorithm::None => Compression::None,
    };
    // A level of the extended recipe is left unused; one that stands beside the algorithm is a mistake.
    let [algorithm, level] = ["compression", "compression-level"].map(|key| KeyPath::of(&["image", key]));
    let file = |key: &KeyPath| court.origins.of_key(key).map(|origin| origin.source.name);
    if written.compression_level.is_some() && file(&algorithm) == file(&level) {
        let message = "`image.compression-level` is for `zstd` alone".to_owned();
        court.conflict(message, &level, ("the compression is chosen here", &algorithm));
    }
    compression
}

fn in_mib(field: &str, size: Size, smallest: Size, court: &mut Court<'_>) -> Size {
    let fits = size.round_up(Size::mib(1)).max(smallest);
    if size != fits {
        let expected = format!("a multiple of 1 MiB, {smallest} at least");
        bad_size(field, size, &expected, Some(fits), court);
    }
    fits
}

fn bad_size(field: &str, size: Size, expected: &str, fits: Option<Size>, court: &mut Court<'_>) {
    let key = KeyPath::of(&["image", field]);
    let help = fits.map(|fits| format!("`{field} = \"{fits}\"` would do"));
    court.complain(
        &Problem::BadValue { key: key.clone(), value: size.to_string(), expected: expected.into() },
        &key,
        help,
    );
}

/// Bytes of the dm-verity hash tree of so many bytes of data, with its superblock: SHA-256 and blocks of 4 KiB,
/// so 128 hashes a block.
fn hash_tree_size(data: Size) -> Size {
    let mut blocks = data.bytes().div_ceil(4096);
    let mut total = 1;
    while blocks > 1 {
        blocks = blocks.div_ceil(128);
        total += blocks;
    }
    Size::of_bytes(total * 4096)
}
