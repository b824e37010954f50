//! The root hash: the identity of an OS version.

use std::fmt;
use std::str::FromStr;

/// SHA-256 of salt and top hash block. Shown and parsed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootHash(pub [u8; 32]);

/// A text that is no root hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a root hash: expected 64 hexadecimal digits")]
pub struct RootHashError(pub String);

impl RootHash {
    /// The two halves, which are the PARTUUIDs of the data and of the hash partition (Discoverable Partitions
    /// Specification).
    pub fn halves(&self) -> ([u8; 16], [u8; 16]) {
        let mut halves = ([0; 16], [0; 16]);
        halves.0.copy_from_slice(&self.0[..16]);
        halves.1.copy_from_slice(&self.0[16..]);
        halves
    }
}

impl fmt::Display for RootHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RootHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for RootHash {
    type Err = RootHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || RootHashError(text.chars().take(100).collect());
        let mut hash = [0; 32];
        if text.len() != 64 {
            return Err(error());
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            for digit in digits {
                let value = (*digit as char).to_digit(16).ok_or_else(error)?;
                *byte = *byte << 4 | value as u8;
            }
        }
        Ok(Self(hash))
    }
}
