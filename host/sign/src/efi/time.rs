//! `EFI_TIME`, the time that makes an old update of a variable worthless.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time as firmware has it: UTC, to the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EfiTime([u8; 16]);

impl EfiTime {
    /// The time in UTC. The specification wants everything below the second to be zero.
    pub fn new(time: Timestamp) -> Self {
        let civil = time.to_zoned(TimeZone::UTC);
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&civil.year().unsigned_abs().to_le_bytes());
        let fields = [civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second()];
        for (to, from) in bytes[2..].iter_mut().zip(fields) {
            *to = from.unsigned_abs();
        }
        Self(bytes)
    }

    /// The time that lies in a file so.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes as they lie in a file.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl std::fmt::Display for EfiTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, month, day, hour, minute, second, ..] = self.0;
        let year = u16::from_le_bytes([a, b]);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_to_the_second() {
        let time = EfiTime::new("2026-11-24T01:02:03.5Z".parse().expect("a time"));
        assert_eq!(time.to_string(), "2026-11-24T01:02:03Z");
        assert_eq!(time.bytes(), [0xea, 7, 11, 24, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
