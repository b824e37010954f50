//! Amounts: bytes, and thousandths of a processor.

use corten_document::BadValue;

use super::form::{Checked, Form};

/// The form of a [`Size`].
#[derive(Debug)]
pub enum SizeForm {}

/// A number of bytes, written with a binary unit: `64 MiB`.
pub type Size = Checked<SizeForm>;

/// Units. Powers of 1000 are not read, since nobody could tell which of the two was meant.
const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Smallest and largest size, bytes: a page, and far more than machines have.
const SIZES: std::ops::RangeInclusive<u64> = 4 << 10..=1 << 50;

impl Form for SizeForm {
    const NAME: &'static str = "Size";
    const PATTERN: &'static str = "^[0-9]+ ?[KMGT]iB$";
    type Value = u64;

    fn read(text: &str) -> Result<u64, BadValue> {
        const EXPECTED: &str = "a size with unit from `4 KiB` to `1024 TiB`, for example `64 MiB`";
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let bytes = |factor: u64| {
            let number: u64 = number.parse().ok()?;
            number.checked_mul(factor).filter(|bytes| SIZES.contains(bytes))
        };
        if let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) {
            return bytes(*factor).ok_or_else(|| BadValue::new(EXPECTED));
        }
        let initial = unit.chars().next().map(|c| c.to_ascii_uppercase());
        let close = UNITS.iter().find(|(name, _)| initial.is_some() && name.chars().next() == initial);
        Err(match close.filter(|(_, factor)| bytes(*factor).is_some()) {
            Some((unit, _)) => BadValue::or(EXPECTED, format!("{number} {unit}")),
            None => BadValue::new(EXPECTED),
        })
    }
}

/// The form of a [`Processors`].
#[derive(Debug)]
pub enum ProcessorsForm {}

/// Processors, in thousandths: `1.5`, `500m`.
pub type Processors = Checked<ProcessorsForm>;

/// Fewest and most, thousandths. Below the kernel's quota would be shorter than 1 ms; no machine has more.
const MILLIS: std::ops::RangeInclusive<u32> = 10..=4_096_000;

impl Form for ProcessorsForm {
    const NAME: &'static str = "Processors";
    const PATTERN: &'static str = "^([0-9]+(\\.[0-9]{1,3})?|[0-9]+m)$";
    type Value = u32;

    fn read(text: &str) -> Result<u32, BadValue> {
        const EXPECTED: &str = "a number of processors from 0.01 to 4096, for example `1.5` or `500m`";
        millis(text).filter(|millis| MILLIS.contains(millis)).ok_or_else(|| BadValue::new(EXPECTED))
    }
}

fn millis(text: &str) -> Option<u32> {
    let number = |digits: &str| {
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten()
    };
    if let Some(millis) = text.strip_suffix('m') {
        return number(millis);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = number(part).filter(|_| part.len() <= 3)? * 10_u32.pow(3 - part.len() as u32);
    number(whole)?.checked_mul(1000)?.checked_add(part)
}
