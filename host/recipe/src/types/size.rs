//! Sizes with their unit, `"128 KiB"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::BadValue;

/// A number of bytes, written with a binary unit: `"128 KiB"`, `"16 MiB"`, `"1 GiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

/// Units, largest first. Powers of 1000 are not read, since nobody could tell which of the two was meant.
const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl Size {
    /// So many KiB.
    pub const fn kib(number: u64) -> Self {
        Self(number << 10)
    }

    /// So many MiB.
    pub const fn mib(number: u64) -> Self {
        Self(number << 20)
    }

    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// The smallest multiple of `step` that is not smaller.
    pub(crate) fn round_up(self, step: Self) -> Self {
        Self(self.0.div_ceil(step.0).saturating_mul(step.0))
    }

    /// So many bytes.
    pub(crate) fn of_bytes(bytes: u64) -> Self {
        Self(bytes)
    }
}

impl FromStr for Size {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let number: Option<u64> = number.parse().ok();
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        match (number, factor) {
            (Some(number), Some(factor)) => number
                .checked_mul(factor)
                .filter(|bytes| *bytes <= 1 << 50)
                .map(Self)
                .ok_or_else(|| BadValue::new("1024 TiB at most")),
            (Some(number), None) => {
                let initial = unit.chars().next().map(|c| c.to_ascii_uppercase());
                let close =
                    UNITS.iter().find(|(name, _)| initial.is_some() && name.chars().next() == initial);
                let expected = "a size with unit: KiB, MiB, GiB or TiB";
                Err(match close {
                    Some((unit, _)) => BadValue::or(expected, format!("{number} {unit}")),
                    None => BadValue::new(expected),
                })
            }
            _ => Err(BadValue::new("a size with unit, for example \"128 KiB\" or \"1 GiB\"")),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match whole {
            Some((unit, factor)) => write!(f, "{} {unit}", self.0 / factor),
            None if self.0 == 0 => f.write_str("0 KiB"),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+ ?[KMGT]iB$" })
    }
}
