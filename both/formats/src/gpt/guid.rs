//! A GUID, with its two orders of bytes: as it is read as text, and as it lies in a partition table.

use std::fmt;
use std::str::FromStr;

/// A GUID, held in the order in which it is read as text.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

/// A text that is no GUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a GUID: expected the form c12a7328-f81f-11d2-ba4b-00a0c93ec93b")]
pub struct GuidError(pub String);

impl Guid {
    /// All zeros: the type of an unused entry.
    pub const NIL: Self = Self([0; 16]);

    /// The GUID whose digits are these.
    pub const fn new(digits: u128) -> Self {
        Self(digits.to_be_bytes())
    }

    /// The GUID with these bytes, in the order in which it is read as text.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes in the order in which it is read as text.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The bytes as they lie on disk: the first three fields are little-endian.
    pub fn to_disk(self) -> [u8; 16] {
        let mut bytes = self.0;
        bytes[0..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        bytes
    }

    /// The GUID that lies on disk so. Swapping is its own inverse.
    pub fn from_disk(bytes: [u8; 16]) -> Self {
        Self(Self(bytes).to_disk())
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            let dash = if matches!(n, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Guid {
    type Err = GuidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || GuidError(text.chars().take(100).collect());
        let mut digits = 0_u128;
        if text.len() != 36 {
            return Err(error());
        }
        for (n, character) in text.bytes().enumerate() {
            match (n, character) {
                (8 | 13 | 18 | 23, b'-') => {}
                (8 | 13 | 18 | 23, _) => return Err(error()),
                _ => digits = digits << 4 | u128::from((character as char).to_digit(16).ok_or_else(error)?),
            }
        }
        Ok(Self::new(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_three_fields_are_swapped_on_disk() {
        let guid: Guid = "00010203-0405-0607-0809-0a0b0c0d0e0f".parse().expect("a GUID");
        assert_eq!(guid.to_disk(), [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]);
    }

    proptest! {
        #[test]
        fn text_and_disk_order_read_back(bytes in any::<[u8; 16]>(), text in ".{0,40}|[0-9a-f-]{36}") {
            let guid = Guid::from_bytes(bytes);
            prop_assert_eq!(guid.to_string().parse(), Ok(guid));
            prop_assert_eq!(Guid::from_disk(guid.to_disk()), guid);
            if let Ok(guid) = text.parse::<Guid>() {
                prop_assert_eq!(guid.to_string(), text);
            }
        }
    }
}
