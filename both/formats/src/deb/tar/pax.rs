//! Extended headers (POSIX pax): records that replace or add to the fields of the next header.

use std::collections::BTreeMap;

/// Most extended attributes of one entry.
const MAX_XATTRS: usize = 64;

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
    pub mtime: Option<u64>,
    /// Extended attributes.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Overrides {
    /// Takes over the records `LENGTH KEY=VALUE\n` of one extended header.
    pub fn extend(&mut self, mut records: &[u8]) -> Result<(), &'static str> {
        const BROKEN: &str = "a pax record is broken";
        while !records.is_empty() {
            let space = records.iter().take(20).position(|b| *b == b' ').ok_or(BROKEN)?;
            let length =
                std::str::from_utf8(&records[..space]).ok().and_then(|text| text.parse::<usize>().ok());
            let length =
                length.filter(|length| *length > space + 1 && *length <= records.len()).ok_or(BROKEN)?;
            let (record, rest) = records.split_at(length);
            records = rest;
            let record = record[space + 1..].strip_suffix(b"\n").ok_or(BROKEN)?;
            let equals = record.iter().position(|b| *b == b'=').ok_or(BROKEN)?;
            self.apply(&record[..equals], &record[equals + 1..])?;
        }
        Ok(())
    }

    fn apply(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let text = || std::str::from_utf8(value).map_err(|_| "a pax number is broken");
        let number = || text()?.parse::<u64>().map_err(|_| "a pax number is broken");
        let small = || number().and_then(|n| u32::try_from(n).map_err(|_| "a pax number is too large"));
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(number()?),
            b"uid" => self.uid = Some(small()?),
            b"gid" => self.gid = Some(small()?),
            b"mtime" => {
                let whole = text()?.split('.').next().unwrap_or_default();
                self.mtime = Some(whole.parse().map_err(|_| "a pax time is broken")?);
            }
            _ => {
                if key.starts_with(b"GNU.sparse.") {
                    return Err("sparse files are not supported");
                }
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    if self.xattrs.len() == MAX_XATTRS || name.is_empty() || name.len() > 255 {
                        return Err("it has too many extended attributes, or a name that is none");
                    }
                    self.xattrs.insert(name.to_vec(), value.to_vec());
                }
            }
        }
        Ok(())
    }
}
