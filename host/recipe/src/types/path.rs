//! Paths in the image.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::BadValue;

/// Longest path in bytes: Linux's PATH_MAX without its NUL.
const PATH_MAX: usize = 4095;
/// Longest part of a path in bytes: Linux's NAME_MAX.
const NAME_MAX: usize = 255;

/// Absolute path in the image in its only form: no empty part, `.` or `..`, no slash at the end, never `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TargetPath(Box<str>);

impl TargetPath {
    /// The path as text. It starts with a slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directories above, nearest first, the root left out.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(self.0.rsplit_once('/').map(|(parent, _)| parent), |path| {
            path.rsplit_once('/').map(|(parent, _)| parent)
        })
        .filter(|path| !path.is_empty())
    }
}

impl FromStr for TargetPath {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let expected = "an absolute path without `.`, `..` and empty parts, for example `/etc/motd`";
        if text.chars().any(char::is_control) || text.len() > PATH_MAX {
            return Err(BadValue::new("a path of 4095 bytes at most, without control characters"));
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                long if long.len() > NAME_MAX => {
                    return Err(BadValue::new("parts of 255 bytes at most in a path"));
                }
                name => parts.push(name),
            }
        }
        let plain = format!("/{}", parts.join("/"));
        if text == plain && !parts.is_empty() {
            Ok(Self(text.into()))
        } else if parts.is_empty() {
            Err(BadValue::new(expected))
        } else {
            Err(BadValue::or(expected, plain))
        }
    }
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for TargetPath {
    fn schema_name() -> Cow<'static, str> {
        "TargetPath".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(/[^/]+)+$" })
    }
}

/// What a symbolic link holds: an absolute path, or one relative to the link's directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct LinkTarget(Box<str>);

impl LinkTarget {
    /// The target as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LinkTarget {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.is_empty() || text.len() > PATH_MAX || text.chars().any(char::is_control) {
            return Err(BadValue::new("the target of a link: a path of 1 to 4095 bytes"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for LinkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for LinkTarget {
    fn schema_name() -> Cow<'static, str> {
        "LinkTarget".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": PATH_MAX })
    }
}
