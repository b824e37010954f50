//! Reads newc archives for inspection and tests: an initrd as the kernel would take it apart.

use super::format::{ALIGN, FIELDS, HEADER, Header, MAGIC, PATH_MAX, TRAILER};

/// Entries of one archive, at most. An initrd has some hundreds; this bounds what hostile bytes make us hold.
const MAX_ENTRIES: usize = 1 << 20;

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Path as written: usually without a leading slash, `.` for the root.
    pub path: &'a [u8],
    /// Inode number; names of a hard link share it.
    pub ino: u32,
    /// File type and permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Number of names.
    pub nlink: u32,
    /// Seconds since 1970, UTC.
    pub mtime: u32,
    /// Major and minor number, for devices.
    pub device: (u32, u32),
    /// Content of a file, target of a symbolic link.
    pub content: &'a [u8],
}

/// One archive and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive<'a> {
    /// Its entries, the trailer left out.
    pub entries: Vec<Entry<'a>>,
    /// What stands behind it, without the zeros in between: the next archive, which may be compressed.
    pub rest: &'a [u8],
}

/// Why bytes are no newc archive.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The archive ends in the midst of an entry, or without its trailer.
    #[error("cpio archive ends at byte {0}, within an entry or before its trailer")]
    Truncated(usize),
    /// An entry starts with something else.
    #[error("no cpio entry at byte {0}: expected 070701")]
    Magic(usize),
    /// A field of a header is no number.
    #[error("cpio entry at byte {0} has a field that is not eight hexadecimal digits")]
    Digits(usize),
    /// A path is empty, too long, or does not end where the header says.
    #[error(
        "cpio entry at byte {0} has a path that is empty, longer than 4095 bytes, or not ended by one NUL"
    )]
    Path(usize),
    /// More entries than an initrd can mean.
    #[error("cpio archive has more than {MAX_ENTRIES} entries")]
    Entries,
}

/// Reads the archive that these bytes start with.
pub fn read(bytes: &[u8]) -> Result<Archive<'_>, ReadError> {
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        let (entry, end) = entry(bytes, at)?;
        at = end;
        if entry.path == TRAILER {
            let rest = &bytes[at..];
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            return Ok(Archive { entries, rest: &rest[zeros..] });
        }
        if entries.len() == MAX_ENTRIES {
            return Err(ReadError::Entries);
        }
        entries.push(entry);
    }
}

/// The entry at that offset, and where the next one starts.
fn entry(bytes: &[u8], at: usize) -> Result<(Entry<'_>, usize), ReadError> {
    let slice = |from: usize, len: usize| {
        from.checked_add(len).and_then(|to| bytes.get(from..to)).ok_or(ReadError::Truncated(bytes.len()))
    };
    let raw = slice(at, HEADER)?;
    if &raw[..MAGIC.len()] != MAGIC {
        return Err(ReadError::Magic(at));
    }
    let mut fields = [0; FIELDS];
    for (field, digits) in fields.iter_mut().zip(raw[MAGIC.len()..].chunks_exact(8)) {
        for digit in digits {
            let value = (*digit as char).to_digit(16).ok_or(ReadError::Digits(at))?;
            *field = *field << 4 | value;
        }
    }
    let header = Header::from_fields(fields);
    let namesize = header.namesize as usize;
    if !(2..=PATH_MAX).contains(&namesize) {
        return Err(ReadError::Path(at));
    }
    let name = slice(at + HEADER, namesize)?;
    let (path, nul) = name.split_at(namesize - 1);
    if nul != [0] || path.contains(&0) {
        return Err(ReadError::Path(at));
    }
    let start = (at + HEADER + namesize).next_multiple_of(ALIGN);
    let content = slice(start, header.filesize as usize)?;
    // The last archive of a file need not be padded.
    let end = (start + content.len()).next_multiple_of(ALIGN).min(bytes.len());
    let Header { ino, mode, uid, gid, nlink, mtime, rmajor, rminor, .. } = header;
    Ok((Entry { path, ino, mode, uid, gid, nlink, mtime, device: (rmajor, rminor), content }, end))
}
