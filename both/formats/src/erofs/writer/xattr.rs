//! Extended attributes behind an inode.

use std::collections::BTreeMap;

use zerocopy::IntoBytes;

use crate::erofs::format::{XATTR_PREFIXES, XattrEntry, XattrHeader};

/// Why attributes have no place in an inode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XattrError {
    /// The kernel's EROFS has no such name.
    #[error(
        "attribute {:?} is not in user., trusted., security. or a POSIX ACL, or its name is longer than 255 bytes",
        String::from_utf8_lossy(.0)
    )]
    Name(Vec<u8>),
    /// The value is too long.
    #[error("attribute {:?} has {len} bytes, the most is 65535", String::from_utf8_lossy(.name))]
    Value {
        /// The attribute.
        name: Vec<u8>,
        /// Bytes of its value.
        len: usize,
    },
    /// All attributes together are too long.
    #[error("the attributes take {0} bytes, the most is 262136")]
    Total(usize),
}

/// Header and entries; nothing where there are no attributes. Their order is that of the map.
pub fn encode(xattrs: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Vec<u8>, XattrError> {
    let mut out = Vec::new();
    if xattrs.is_empty() {
        return Ok(out);
    }
    out.extend_from_slice(XattrHeader::default().as_bytes());
    for (name, value) in xattrs {
        let (prefix, rest) = split(name).ok_or_else(|| XattrError::Name(name.clone()))?;
        let name_len = u8::try_from(rest.len()).map_err(|_| XattrError::Name(name.clone()))?;
        let value_size = u16::try_from(value.len())
            .map_err(|_| XattrError::Value { name: name.clone(), len: value.len() })?;
        let entry = XattrEntry { name_len, prefix, value_size: value_size.into() };
        out.extend_from_slice(entry.as_bytes());
        out.extend_from_slice(rest);
        out.extend_from_slice(value);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    if count(&out) > usize::from(u16::MAX) {
        return Err(XattrError::Total(out.len()));
    }
    Ok(out)
}

/// `i_xattr_icount` for attributes of that encoded form.
pub fn count(encoded: &[u8]) -> usize {
    if encoded.is_empty() { 0 } else { 1 + (encoded.len() - size_of::<XattrHeader>()) / 4 }
}

/// Number of the prefix and what follows it. A prefix that ends in a dot wants more, an ACL is the whole name.
fn split(name: &[u8]) -> Option<(u8, &[u8])> {
    XATTR_PREFIXES.iter().find_map(|(number, prefix)| {
        let rest = name.strip_prefix(*prefix)?;
        let open = prefix.ends_with(b".");
        (open != rest.is_empty() && !rest.contains(&0)).then_some((*number, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &[u8], value: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
        BTreeMap::from([(name.to_vec(), value.to_vec())])
    }

    #[test]
    fn an_entry_is_prefix_number_name_and_value() {
        let encoded = encode(&one(b"security.capability", b"\x01\x02")).unwrap();
        assert_eq!(encoded[12..], *b"\x0a\x06\x02\x00capability\x01\x02");
        assert_eq!(count(&encoded), 5);
    }

    #[test]
    fn acls_are_whole_names() {
        assert_eq!(
            encode(&one(b"system.posix_acl_access", b"acl.")).unwrap()[12..],
            *b"\x00\x02\x04\x00acl."
        );
        let longer = b"system.posix_acl_access2".to_vec();
        assert_eq!(encode(&one(&longer, b"")), Err(XattrError::Name(longer)));
    }

    #[test]
    fn names_and_sizes_without_a_place_are_refused() {
        for name in [&b"user."[..], b"system.other", b"", b"user.a\0b"] {
            assert_eq!(encode(&one(name, b"")), Err(XattrError::Name(name.to_vec())));
        }
        assert!(matches!(
            encode(&one(b"user.a", &vec![0; 65536])),
            Err(XattrError::Value { len: 65536, .. })
        ));
        let many = (0..5).map(|n| (format!("user.{n}").into_bytes(), vec![0; 65535])).collect();
        assert!(matches!(encode(&many), Err(XattrError::Total(_))));
    }
}
