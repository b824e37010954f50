//! One header block of a tar archive.

use super::until_nul;

/// Size of a header, and what content is padded to.
pub const BLOCK: usize = 512;

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
    /// Seconds since 1970.
    pub mtime: u64,
    /// Link target.
    pub link: Vec<u8>,
    /// Major number of a device.
    pub major: u32,
    /// Minor number of a device.
    pub minor: u32,
}

impl Header {
    /// Reads a block of [`BLOCK`] bytes.
    pub fn parse(block: &[u8]) -> Result<Self, &'static str> {
        let sum: u64 =
            block.iter().enumerate().map(|(n, b)| if (148..156).contains(&n) { 32 } else { *b as u64 }).sum();
        if number(&block[148..156])? != sum {
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
            size: number(&block[124..136])?,
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

/// Reads octal digits, or GNU's form of big-endian bytes with the highest bit set.
fn number(field: &[u8]) -> Result<u64, &'static str> {
    if field[0] & 0x80 != 0 {
        let (high, low) = field.split_at(field.len() - 8);
        let is_small = high.first() == Some(&0x80) && high.iter().skip(1).all(|b| *b == 0);
        let low = low.iter().fold(0, |sum, b| sum << 8 | *b as u64);
        // Fields of eight bytes hold their mark in the highest byte of the number.
        return match (high.is_empty(), is_small) {
            (true, _) => Ok(low & !(0xff << 56)),
            (false, true) => Ok(low),
            (false, false) => Err("a number is negative or too large"),
        };
    }
    let text = field.split(|b| *b == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(text).map_err(|_| "a number is not octal")?.trim();
    if text.is_empty() {
        return Ok(0);
    }
    if text.starts_with('+') {
        return Err("a number is not octal");
    }
    u64::from_str_radix(text, 8).map_err(|_| "a number is not octal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_big_endian_in_fields_of_either_width() {
        assert_eq!(number(b"0000644\0"), Ok(0o644));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 1, 2]), Ok(0x102));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]), Ok(0x102));
        assert!(number(&[0xff; 12]).is_err());
    }
}
