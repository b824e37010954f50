//! Extended headers (POSIX pax): records that replace or add to the fields of the next header.

use std::collections::BTreeMap;

use crate::limits;

/// Before the name of an extended attribute, in the records that everybody writes.
pub const XATTR: &[u8] = b"SCHILY.xattr.";

/// What extended headers say of the next entry.
#[derive(Default)]
pub struct Overrides {
    /// Path of any length.
    pub path: Option<Vec<u8>>,
    /// Link target of any length.
    pub link: Option<Vec<u8>>,
    /// Size above what octal digits hold.
    pub size: Option<u64>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Time in whole seconds.
    pub mtime: Option<i64>,
    /// Extended attributes.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Overrides {
    /// Takes over the records `LENGTH KEY=VALUE\n` of one extended header.
    pub fn extend(&mut self, mut records: &[u8]) -> Result<(), &'static str> {
        const BROKEN: &str = "a pax record is broken";
        while !records.is_empty() {
            let space = records.iter().take(20).position(|byte| *byte == b' ').ok_or(BROKEN)?;
            let digits = std::str::from_utf8(&records[..space]).map_err(|_| BROKEN)?;
            let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
            let length = digits.parse::<usize>().ok().filter(|_| is_number).ok_or(BROKEN)?;
            if length <= space + 1 || length > records.len() {
                return Err(BROKEN);
            }
            let (record, rest) = records.split_at(length);
            records = rest;
            let record = record[space + 1..].strip_suffix(b"\n").ok_or(BROKEN)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or(BROKEN)?;
            self.apply(&record[..equals], &record[equals + 1..])?;
        }
        Ok(())
    }

    fn apply(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let number = || {
            let text = std::str::from_utf8(value).ok().filter(|text| !text.starts_with('+'));
            text.and_then(|text| text.parse::<u64>().ok()).ok_or("a pax number is broken")
        };
        let small =
            || number().and_then(|number| u32::try_from(number).map_err(|_| "a pax number is too large"));
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(number()?),
            b"uid" => self.uid = Some(small()?),
            b"gid" => self.gid = Some(small()?),
            b"mtime" => self.mtime = Some(seconds(value).ok_or("a pax time is broken")?),
            _ if key.starts_with(b"GNU.sparse.") => return Err("sparse files are not supported"),
            _ => {
                let Some(name) = key.strip_prefix(XATTR) else { return Ok(()) };
                if name.is_empty() || name.len() > limits::PART || name.contains(&0) {
                    return Err("it has an extended attribute with a name that is none");
                }
                if value.len() > limits::XATTR || self.xattrs.len() == limits::XATTRS {
                    return Err("its extended attributes are too many or too large");
                }
                self.xattrs.insert(name.to_vec(), value.to_vec());
            }
        }
        Ok(())
    }
}

/// Whole seconds of a decimal number: the part before the point, one less for a fraction of a negative one.
fn seconds(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_fraction = fraction.bytes().all(|digit| digit.is_ascii_digit());
    let seconds: i64 = whole.parse().ok().filter(|_| is_fraction && !whole.starts_with('+'))?;
    let less = whole.starts_with('-') && fraction.bytes().any(|digit| digit != b'0');
    seconds.checked_sub(i64::from(less))
}

/// One record, with the length that counts itself.
pub fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    // Each digit of the length makes the record longer.
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_have_fractions_and_signs() {
        assert_eq!(seconds(b"12.5"), Some(12));
        assert_eq!(seconds(b"-1.5"), Some(-2));
        assert_eq!(seconds(b"-1.0"), Some(-1));
        assert_eq!(seconds(b"-0.5"), Some(-1));
        for wrong in [&b"12.x"[..], b"", b".5", b"+1", b"1e3", b"-9223372036854775808.1"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn broken_records_are_refused() {
        for records in
            ["x", "6 a=\n", "7 a=b", "6 a=b\n6 a=b", "+6 a=b\n", "99999999999999999999 a=b\n", "4 a\n"]
        {
            assert!(Overrides::default().extend(records.as_bytes()).is_err(), "{records:?}");
        }
    }

    proptest! {
        #[test]
        fn a_record_has_the_length_that_it_says(value in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut overrides = Overrides::default();
            prop_assert_eq!(overrides.extend(&record(b"path", &value)), Ok(()));
            prop_assert_eq!(overrides.path, Some(value));
        }
    }
}
