//! One header block of a tar archive.

use super::{BLOCK, until_nul};

/// The fields of a header block.
pub struct Header {
    /// Path, the ustar prefix included.
    pub path: Vec<u8>,
    /// Type flag.
    pub kind: u8,
    /// Permission bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size of the content.
    pub size: u64,
    /// Seconds since 1970; there are images with times before.
    pub mtime: i64,
    /// Link target.
    pub link: Vec<u8>,
    /// Major number of a device.
    pub major: u32,
    /// Minor number of a device.
    pub minor: u32,
}

impl Header {
    /// Reads a block.
    pub fn parse(block: &[u8; BLOCK]) -> Result<Self, &'static str> {
        let sum = checksum(block);
        if number(&block[148..156])? != i64::from(sum) {
            return Err("the checksum is wrong");
        }
        let is_posix = &block[257..263] == b"ustar\0";
        let name = until_nul(&block[..100]);
        let prefix = if is_posix { until_nul(&block[345..500]) } else { &[] };
        let path = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
        let small = |field: &[u8]| u32::try_from(number(field)?).map_err(|_| "a number is too large");
        let kind = block[156];
        let is_device = matches!(kind, b'3' | b'4');
        Ok(Self {
            path,
            kind,
            mode: (number(&block[100..108])? & 0o7777) as u16,
            uid: small(&block[108..116])?,
            gid: small(&block[116..124])?,
            size: number(&block[124..136])?.try_into().map_err(|_| "its size is negative")?,
            mtime: number(&block[136..148])?,
            link: until_nul(&block[157..257]).to_vec(),
            major: if is_device { small(&block[329..337])? } else { 0 },
            minor: if is_device { small(&block[337..345])? } else { 0 },
        })
    }

    /// Whether content follows the header. Links and devices can name a size, but have none.
    pub fn has_content(&self) -> bool {
        !matches!(self.kind, b'1'..=b'6')
    }
}

/// Sum of all bytes, those of the checksum itself taken for spaces.
pub fn checksum(block: &[u8; BLOCK]) -> u32 {
    block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum()
}

/// Reads octal digits, or GNU's form: a big-endian number in two's complement whose highest bit but one is its sign.
fn number(field: &[u8]) -> Result<i64, &'static str> {
    const LARGE: &str = "a number is too large";
    if field[0] & 0x80 != 0 {
        let negative = field[0] & 0x40 != 0;
        let first = if negative { field[0] } else { field[0] & 0x7f };
        let start = i128::from(first as i8);
        let value = field[1..]
            .iter()
            .try_fold(start, |sum, byte| sum.checked_mul(256)?.checked_add(i128::from(*byte)));
        return value.and_then(|value| i64::try_from(value).ok()).ok_or(LARGE);
    }
    let text = std::str::from_utf8(until_nul(field)).map_err(|_| "a number is not octal")?.trim();
    match text {
        "" => Ok(0),
        _ if text.starts_with(['+', '-']) => Err("a number is not octal"),
        _ => i64::from_str_radix(text, 8).map_err(|_| "a number is not octal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_big_endian_in_fields_of_either_width() {
        assert_eq!(number(b"0000644\0"), Ok(0o644));
        assert_eq!(number(b"   644 \0"), Ok(0o644));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 1, 2]), Ok(0x102));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]), Ok(0x102));
        assert_eq!(number(&[0xff; 12]), Ok(-1));
        assert_eq!(number(&[0xff; 8]), Ok(-1));
        assert!(number(&[0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(number(b"0000649\0").is_err());
        assert!(number(b"-000644\0").is_err());
    }
}
