//! `[image]`.

use std::str::FromStr;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::plan::Format;
use crate::types::{BadValue, Size};

/// Sizes, compression and formats of the image.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// How the root image is compressed; `zstd` unless written otherwise.
    pub compression: Option<Algorithm>,
    /// Level of Zstandard, 1 to 22. Other kinds of compression have none.
    #[schemars(range(min = 1, max = 22))]
    pub compression_level: Option<u8>,
    /// Bytes that are compressed at once: a power of two from `4 KiB` to `1 MiB`. More makes smaller images and
    /// slower small reads.
    pub piece_size: Option<Size>,
    /// Size of the partition for a root image, a multiple of 1 MiB. It is for the life of a machine: an update can't
    /// change it.
    pub slot_size: Option<Size>,
    /// Size of the partition for its hash tree, a multiple of 1 MiB.
    pub verity_size: Option<Size>,
    /// Size of the EFI system partition, a multiple of 1 MiB.
    pub esp_size: Option<Size>,
    /// What a build makes. Replaces those of the extended recipe.
    #[schemars(with = "Option<Vec<FormatName>>")]
    pub formats: Option<Vec<Format>>,
}

/// How the root image is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Zstandard.
    Zstd,
    /// LZ4: larger, and quicker to read.
    Lz4,
    /// Not at all.
    None,
}

/// Names of the formats, for the schema alone.
struct FormatName;

impl JsonSchema for FormatName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Format".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = Format::ALL.map(Format::name);
        schemars::json_schema!({ "type": "string", "enum": names })
    }
}

impl FromStr for Algorithm {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text {
            "zstd" => Ok(Self::Zstd),
            "lz4" => Ok(Self::Lz4),
            "none" => Ok(Self::None),
            _ => Err(BadValue::not_among(text, &["zstd", "lz4", "none"])),
        }
    }
}

impl Read for Image {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            compression: table.text("compression"),
            compression_level: table.integer("compression-level", 1..=22).map(|level| level as u8),
            piece_size: table.text("piece-size"),
            slot_size: table.text("slot-size"),
            verity_size: table.text("verity-size"),
            esp_size: table.text("esp-size"),
            formats: table.texts("formats"),
        }
    }
}
