//! Free text on one line: descriptions, comments, arguments of programs.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::value::BadValue;

/// Text without control characters, of 4096 bytes at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text(Box<str>);

/// Longest text in bytes. Long enough for a sentence or an argument, short enough for a table in an image.
const MAX: usize = 4096;

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Text {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.len() > MAX || text.chars().any(char::is_control) {
            return Err(BadValue::new("one line of text, without control characters, 4096 bytes at most"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": MAX })
    }
}
