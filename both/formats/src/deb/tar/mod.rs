//! Tar archives as packages hold them (tar(5)): ustar, GNU long names, pax headers with extended attributes.
//!
//! The archive is one buffer in memory and the content of files is slices of it, so nothing is copied. What
//! comes out is safe to unpack: see [`check`].

pub mod check;
mod header;
mod pax;

use std::collections::BTreeMap;

use bytes::Bytes;

use self::header::{BLOCK, Header};
use super::path::{PathError, relative};

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Content of a regular file, a slice of the archive.
    File(Bytes),
    /// A directory.
    Directory,
    /// Target of a symbolic link, as written: it can be absolute and can lead anywhere.
    Symlink(String),
    /// Path of an earlier file of the archive that this is another name for.
    HardLink(String),
    /// Character device, major and minor number.
    CharDevice(u32, u32),
    /// Block device, major and minor number.
    BlockDevice(u32, u32),
    /// Named pipe.
    Fifo,
}

/// One file, directory, link or device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path without a leading slash: `usr/bin/crun`. Never empty.
    pub path: String,
    /// Type and content.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u64,
    /// Extended attributes by full name.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries.
    pub entries: usize,
}

impl Default for Limits {
    /// One million entries: ten times as many as the largest packages have.
    fn default() -> Self {
        Self { entries: 1_000_000 }
    }
}

/// Why an archive can't be read or is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// A header is cut off.
    #[error("the header at byte {0} is cut off")]
    Truncated(usize),
    /// A header whose checksum or numbers are wrong.
    #[error("the header at byte {at} is damaged: {why}")]
    Header {
        /// Where it lies.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Content that goes beyond the end.
    #[error("{path:?} has {size} bytes, more than the archive holds")]
    Content {
        /// Path of the entry.
        path: String,
        /// Its size.
        size: u64,
    },
    /// A type of entry that packages do not have.
    #[error("{path:?} is of type {kind:?}, which is not supported")]
    Kind {
        /// Path of the entry.
        path: String,
        /// Type flag of the header.
        kind: char,
    },
    /// A path that would lead out of the folder, or no path at all.
    #[error("the path {path:?} is refused: {source}")]
    Path {
        /// The path as it stands in the archive.
        path: String,
        /// Why.
        source: PathError,
    },
    /// The same path twice.
    #[error("{0:?} stands twice in the archive")]
    Twice(String),
    /// An entry whose parent is not a directory.
    #[error("{path:?} lies below {parent:?}, which is not a directory")]
    Below {
        /// Path of the entry.
        path: String,
        /// The parent that is a file or a link.
        parent: String,
    },
    /// A hard link to something other than an earlier file.
    #[error("{path:?} is a hard link to {target:?}, which is no earlier file of the archive")]
    HardLink {
        /// Path of the entry.
        path: String,
        /// What it names.
        target: String,
    },
    /// More entries than the limit.
    #[error("the archive has more than {0} entries")]
    TooMany(usize),
}

/// Reads an archive and checks that it is safe to unpack. Entries keep the order of the archive.
pub fn read(archive: &Bytes, limits: Limits) -> Result<Vec<Entry>, TarError> {
    let mut entries = Vec::new();
    let mut next = pax::Overrides::default();
    let mut at = 0;
    while at < archive.len() {
        let block = archive.get(at..at + BLOCK).ok_or(TarError::Truncated(at))?;
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let header = Header::parse(block).map_err(|why| TarError::Header { at, why })?;
        let size = next.size.unwrap_or(header.size);
        let start = at + BLOCK;
        let content = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let end = content.filter(|end| header.has_content() && *end <= archive.len());
        let end = match end {
            Some(end) => end,
            None if !header.has_content() => start,
            None => return Err(TarError::Content { path: lossy(&header.path), size }),
        };
        let content = start..end;
        match header.kind {
            b'L' => next.path = Some(until_nul(&archive[content]).to_vec()),
            b'K' => next.link = Some(until_nul(&archive[content]).to_vec()),
            b'x' => next.extend(&archive[content]).map_err(|why| TarError::Header { at, why })?,
            // A global header carries comments only in packages; what it would change is not applied.
            b'g' => {}
            _ => {
                let overrides = std::mem::take(&mut next);
                if entries.len() == limits.entries {
                    return Err(TarError::TooMany(limits.entries));
                }
                entries.extend(entry(header, overrides, archive.slice(content))?);
            }
        }
        at = end.div_ceil(BLOCK) * BLOCK;
    }
    check::check(&entries)?;
    Ok(entries)
}

/// Puts an entry together; `None` for the root directory, whose mode is not the package's to say.
fn entry(header: Header, next: pax::Overrides, content: Bytes) -> Result<Option<Entry>, TarError> {
    let raw = next.path.unwrap_or(header.path);
    let clean = |raw: &[u8]| relative(raw).map_err(|source| TarError::Path { path: lossy(raw), source });
    let path = clean(&raw)?;
    let link = next.link.unwrap_or(header.link);
    let kind = match header.kind {
        0 | b'0' if !raw.ends_with(b"/") => Kind::File(content),
        0 | b'0' | b'5' => Kind::Directory,
        b'1' => Kind::HardLink(clean(&link)?),
        b'2' => Kind::Symlink(
            symlink_target(&link).map_err(|source| TarError::Path { path: lossy(&link), source })?,
        ),
        b'3' => Kind::CharDevice(header.major, header.minor),
        b'4' => Kind::BlockDevice(header.major, header.minor),
        b'6' => Kind::Fifo,
        other => return Err(TarError::Kind { path, kind: other as char }),
    };
    if path.is_empty() {
        return match kind {
            Kind::Directory => Ok(None),
            _ => Err(TarError::Path { path: lossy(&raw), source: PathError::Parent }),
        };
    }
    Ok(Some(Entry {
        path,
        kind,
        mode: header.mode,
        uid: next.uid.unwrap_or(header.uid),
        gid: next.gid.unwrap_or(header.gid),
        mtime: next.mtime.unwrap_or(header.mtime),
        xattrs: next.xattrs,
    }))
}

fn symlink_target(link: &[u8]) -> Result<String, PathError> {
    if link.is_empty() || link.contains(&0) {
        return Err(PathError::Nul);
    }
    if link.len() > 4095 {
        return Err(PathError::Length);
    }
    String::from_utf8(link.to_vec()).map_err(|_| PathError::Encoding)
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(&path[..path.len().min(300)]).into_owned()
}
