//! Files of a tar archive, found by one pass over its headers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Read};

use super::{Content, Files, SourceError};
use crate::compression::{Compression, Decoder};
use crate::layer::normal;
use crate::limits;
use crate::tar::{Form, Members, Piece, ReadAt, shown};

/// Links that lead to a file, one after the other.
const LINKS: usize = 8;

/// A tar archive, not compressed.
#[derive(Debug)]
pub struct Archive<R> {
    inner: R,
    members: HashMap<String, Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    File { offset: u64, size: u64 },
    Directory,
    Link(String),
}

impl<R: ReadAt> Archive<R> {
    /// Reads all headers. Names are brought into one form, `./blobs/` and `blobs` are the same; what leads out of the
    /// archive, is there twice or is a device is refused.
    pub fn open(inner: R) -> Result<Self, SourceError> {
        let io = |source| SourceError::Io { what: "the archive".into(), source };
        let mut found = HashMap::new();
        let mut headers = Members::new(Piece::whole(&inner).map_err(io)?);
        while let Some(member) = headers.next()? {
            let refused = |why: String| SourceError::Member { name: shown(&member.path), why };
            let clean = |path: &[u8]| {
                let normal = normal(path).map_err(|error| refused(error.to_string()))?;
                String::from_utf8(normal).map_err(|_| refused("it is not UTF-8".into()))
            };
            let path = clean(&member.path)?;
            let value = match &member.form {
                Form::File(size) => Member::File { offset: headers.position(), size: *size },
                Form::Directory => Member::Directory,
                Form::HardLink(target) => Member::Link(clean(target)?),
                Form::Symlink(target) => {
                    let outside = || refused("it is a link that leads out of the archive".into());
                    Member::Link(beside(&path, target).ok_or_else(outside)?)
                }
                _ => return Err(refused("it is neither file nor folder nor link".into())),
            };
            match found.entry(path) {
                Entry::Vacant(free) => drop(free.insert(value)),
                Entry::Occupied(there) if *there.get() == Member::Directory && value == Member::Directory => {
                }
                Entry::Occupied(_) => return Err(refused("it is there twice".into())),
            }
            if found.len() > limits::MEMBERS {
                return Err(refused(format!("it is one of more than {}", limits::MEMBERS)));
            }
        }
        Ok(Self { inner, members: found })
    }
}

impl<R: ReadAt> Files for Archive<R> {
    fn get<'a>(&'a self, path: &str) -> Result<Option<Content<'a>>, SourceError> {
        Ok(match self.members.get(self.settled(path)) {
            Some(Member::File { offset, size }) => {
                Some((Box::new(Piece::new(&self.inner, *offset, *size)), *size))
            }
            _ => None,
        })
    }

    fn settled<'a>(&'a self, path: &'a str) -> &'a str {
        let mut path = path;
        for _ in 0..LINKS {
            match self.members.get(path) {
                Some(Member::Link(target)) => path = target,
                _ => break,
            }
        }
        path
    }
}

/// Where a symbolic link leads: its target from the directory that it is in, if that is in the archive.
fn beside(path: &str, target: &[u8]) -> Option<String> {
    let target = std::str::from_utf8(target).ok()?;
    if target.is_empty() || target.starts_with('/') || target.len() > limits::LINK {
        return None;
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// An archive without its compression: itself, if it has none; else what is written to the file that `spool` makes, of
/// at most `limit` bytes.
pub fn unpacked(
    archive: std::fs::File,
    spool: impl FnOnce() -> io::Result<std::fs::File>,
    limit: u64,
) -> io::Result<std::fs::File> {
    let mut start = [0; 4];
    let mut count = 0;
    while count < start.len() {
        match ReadAt::read_at(&archive, &mut start[count..], count as u64)? {
            0 => break,
            read => count += read,
        }
    }
    if Compression::of(&start[..count]) == Compression::None {
        return Ok(archive);
    }
    let mut spool = spool()?;
    let decoder = Decoder::new(Piece::whole(archive)?)?;
    let copied = io::copy(&mut decoder.take(limit.saturating_add(1)), &mut spool)?;
    if copied > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("the archive has more than {limit} bytes without its compression"),
        ));
    }
    Ok(spool)
}
