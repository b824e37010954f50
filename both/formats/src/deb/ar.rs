//! The `ar` archive that a package is (deb(5)): a magic line, then members with a header of 60 bytes each.

use std::ops::Range;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Most members of one archive. A package has three, and signatures add a few.
const MAX_MEMBERS: usize = 64;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name without padding or trailing slash.
    pub name: String,
    /// Where its content lies in the archive.
    pub data: Range<usize>,
}

/// Why bytes are not an `ar` archive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArError {
    /// The first line is another.
    #[error("it does not start with !<arch>")]
    Magic,
    /// A header is cut off or does not end as it has to.
    #[error("the member header at byte {0} is cut off or damaged")]
    Header(usize),
    /// A member is longer than the rest of the file.
    #[error("the member {name:?} has {size} bytes, but only {left} follow")]
    Truncated {
        /// Name of the member.
        name: String,
        /// Size in its header.
        size: u64,
        /// Bytes that are left.
        left: usize,
    },
    /// More members than are read.
    #[error("it has more than {MAX_MEMBERS} members")]
    TooMany,
}

/// Reads the list of members.
pub fn members(archive: &[u8]) -> Result<Vec<Member>, ArError> {
    if !archive.starts_with(MAGIC) {
        return Err(ArError::Magic);
    }
    let mut members = Vec::new();
    let mut at = MAGIC.len();
    while at < archive.len() {
        if members.len() == MAX_MEMBERS {
            return Err(ArError::TooMany);
        }
        let header = archive.get(at..at + HEADER).filter(|header| header.ends_with(b"`\n"));
        let header = header.ok_or(ArError::Header(at))?;
        let text = std::str::from_utf8(header).map_err(|_| ArError::Header(at))?;
        let (name, size) = text.get(..16).zip(text.get(48..58)).ok_or(ArError::Header(at))?;
        let name = name.trim_end().trim_end_matches('/').to_owned();
        let size: u64 = size.trim_end().parse().map_err(|_| ArError::Header(at))?;
        let start = at + HEADER;
        let left = archive.len() - start;
        let length = usize::try_from(size).ok().filter(|length| *length <= left);
        let Some(length) = length else { return Err(ArError::Truncated { name, size, left }) };
        members.push(Member { name, data: start..start + length });
        at = start + length + length % 2;
    }
    Ok(members)
}

/// Writes an archive of such members: what builds packages for tests.
pub fn write(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = MAGIC.to_vec();
    for (name, data) in members {
        archive.extend_from_slice(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", data.len()).as_bytes(),
        );
        archive.extend_from_slice(data);
        if data.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_again() {
        let archive = write(&[("debian-binary", b"2.0\n"), ("odd", b"abc"), ("last", b"")]);
        let found = members(&archive).expect("members");
        let content: Vec<_> = found.iter().map(|m| (m.name.as_str(), &archive[m.data.clone()])).collect();
        assert_eq!(content, [("debian-binary", &b"2.0\n"[..]), ("odd", b"abc"), ("last", b"")]);
    }

    #[test]
    fn damage_is_named() {
        let archive = write(&[("a", b"abcd")]);
        assert_eq!(members(b"PK"), Err(ArError::Magic));
        assert_eq!(members(&archive[..40]), Err(ArError::Header(8)));
        let cut = members(&archive[..70]).expect_err("cut off");
        assert_eq!(cut.to_string(), "the member \"a\" has 4 bytes, but only 2 follow");
    }
}
