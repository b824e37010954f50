//! Spans of time.

use corten_document::BadValue;

use super::form::{Checked, Form};

/// The form of a span of time.
#[derive(Debug)]
pub enum SecondsForm {}

/// A span of time in whole seconds, written with its unit: `30s`, `5m`, `1h`.
pub type Seconds = Checked<SecondsForm>;

/// Longest span, seconds: one day. Nothing on a node waits longer.
const MAX: u32 = 86_400;

impl Form for SecondsForm {
    const NAME: &'static str = "Time";
    const PATTERN: &'static str = "^[1-9][0-9]*[smh]$";
    type Value = u32;

    fn read(text: &str) -> Result<u32, BadValue> {
        const EXPECTED: &str = "a time with unit from `1s` to `24h`, for example `30s` or `5m`";
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => 0,
        };
        match number.parse::<u32>() {
            Ok(number) if factor > 0 && number > 0 => number
                .checked_mul(factor)
                .filter(|seconds| *seconds <= MAX)
                .ok_or_else(|| BadValue::new(EXPECTED)),
            Ok(number) if unit.is_empty() && number > 0 && number <= MAX => {
                Err(BadValue::or(EXPECTED, format!("{number}s")))
            }
            _ => Err(BadValue::new(EXPECTED)),
        }
    }
}
