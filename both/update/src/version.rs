//! The version of an image: `<recipe version>.<build number>`, strictly increasing within a channel.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::order::compare_versions;

/// Most characters of a version: 40 of the recipe's, a dot, and 20 digits of a 64-bit build number fit.
const MAX: usize = 64;

/// A version. Two versions with different text may be of the same age ([`Self::age`]), so there is no `Ord`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version: expected 1 to {MAX} characters of 0-9, A-Z, a-z, \".\" and \"-\"")]
pub struct VersionError(pub String);

impl Version {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The loader's order: what is newer is greater.
    pub fn age(&self, other: &Self) -> Ordering {
        compare_versions(&self.0, &other.0)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if text.is_empty() || text.len() > MAX || !text.bytes().all(allowed) {
            return Err(VersionError(text.chars().take(100).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
