//! Numbers of users and groups.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// Number of a user or group that a recipe may give: 1 to 65533.
///
/// 0 is root and 65534 is nobody, which every image has; 65535 is reserved, as are numbers above for what
/// containers map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Id(u32);

impl Id {
    /// Smallest and largest number.
    pub const RANGE: std::ops::RangeInclusive<i64> = 1..=65533;

    /// The id of that number, if it is in [`Id::RANGE`].
    pub fn new(number: i64) -> Option<Self> {
        Self::RANGE.contains(&number).then_some(Self(number as u32))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": Self::RANGE.start(), "maximum": Self::RANGE.end() })
    }
}
