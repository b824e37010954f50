//! Permission bits of files and directories.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::BadValue;

/// Permission bits, written in octal: `"0644"`. The sticky bit is allowed, setuid and setgid are not: an image
/// has no program that gains rights by being started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mode(u16);

impl Mode {
    /// `0644`, the mode of a file that says nothing else.
    pub const FILE: Self = Self(0o644);
    /// `0755`, the mode of a directory that says nothing else.
    pub const DIRECTORY: Self = Self(0o755);

    /// The bits, `0o1777` at most.
    pub fn bits(self) -> u16 {
        self.0
    }
}

impl FromStr for Mode {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let bits = u16::from_str_radix(text, 8).ok().filter(|_| octal);
        match bits {
            Some(bits) if bits <= 0o1777 => Ok(Self(bits)),
            Some(bits) => {
                let plain = Self(bits & 0o1777);
                Err(BadValue::or("a mode without setuid and setgid", plain.to_string()))
            }
            None => Err(BadValue::new("3 or 4 octal digits, for example \"0644\"")),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[01]?[0-7]{3}$" })
    }
}
