//! Extended attributes of an inode, those behind it and those that it shares with others.

use std::collections::BTreeMap;

use super::{Image, Inode, ReadError};
use crate::erofs::format::{XATTR_PREFIXES, XattrEntry, XattrHeader};

/// Marks a prefix from the image's own table of long ones.
const LONG_PREFIX: u8 = 0x80;

/// All attributes by full name.
pub fn read(image: &Image<'_>, inode: &Inode) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, ReadError> {
    let mut xattrs = BTreeMap::new();
    if inode.xattrs_len == 0 {
        return Ok(xattrs);
    }
    let header: XattrHeader = image.record("an attribute header", inode.xattrs)?;
    let end = inode.xattrs + inode.xattrs_len;
    let shared = inode.xattrs + size_of::<XattrHeader>() as u64;
    let mut at = shared + 4 * u64::from(header.shared);
    if at > end {
        return Err(inode.wrong("more shared attributes than its attributes have room for"));
    }
    for number in 0..u64::from(header.shared) {
        let id = image.record::<zerocopy::little_endian::U32>("a shared attribute", shared + 4 * number)?;
        let offset = image.block_offset(image.superblock.xattr_block.get()) + 4 * u64::from(id.get());
        let (name, value, _) = entry(image, inode, offset)?;
        xattrs.insert(name, value);
    }
    while at < end {
        let (name, value, next) = entry(image, inode, at)?;
        if next > end {
            return Err(inode.wrong("an attribute reaches beyond the others"));
        }
        xattrs.insert(name, value);
        at = next;
    }
    Ok(xattrs)
}

/// Name and value of an attribute, and where the next one begins.
fn entry(image: &Image<'_>, inode: &Inode, offset: u64) -> Result<(Vec<u8>, Vec<u8>, u64), ReadError> {
    let header: XattrEntry = image.record("an attribute", offset)?;
    if header.prefix & LONG_PREFIX != 0 {
        return Err(ReadError::Unsupported("a long prefix of an attribute name".to_owned()));
    }
    let prefix = XATTR_PREFIXES.iter().find(|(number, _)| *number == header.prefix);
    let (_, prefix) = prefix.ok_or_else(|| inode.wrong("an attribute has no known prefix"))?;
    let start = offset + size_of::<XattrEntry>() as u64;
    let name_len = u64::from(header.name_len);
    let value_len = u64::from(header.value_size.get());
    let name = image.slice("the name of an attribute", start, name_len)?;
    let value = image.slice("the value of an attribute", start + name_len, value_len)?;
    let next = (start + name_len + value_len).next_multiple_of(4);
    Ok(([prefix, name].concat(), value.to_vec(), next))
}
