//! What one member of an archive is, as its headers say it.

use std::collections::BTreeMap;

use super::TarError;
use super::header::Header;
use super::pax::Overrides;

/// A member. Nothing of it is checked but what the form of headers allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Path as it is written: it can be absolute and hold `..`.
    pub path: Vec<u8>,
    /// What it is.
    pub form: Form,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Extended attributes by full name.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Regular file with so many bytes.
    File(u64),
    /// Directory.
    Directory,
    /// Target of a symbolic link, as it is written.
    Symlink(Vec<u8>),
    /// Path of another member or file, as it is written.
    HardLink(Vec<u8>),
    /// Character device, major and minor number.
    CharDevice(u32, u32),
    /// Block device, major and minor number.
    BlockDevice(u32, u32),
    /// Named pipe.
    Fifo,
}

impl Member {
    /// Puts a member together from its own header and those before it.
    pub(super) fn new(header: Header, before: Overrides) -> Result<Self, TarError> {
        let path = before.path.unwrap_or(header.path);
        let link = before.link.unwrap_or(header.link);
        let form = match header.kind {
            // Before there was a type for directories, a slash at the end made one.
            0 | b'0' | b'7' if !path.ends_with(b"/") => Form::File(before.size.unwrap_or(header.size)),
            0 | b'0' | b'5' => Form::Directory,
            b'1' => Form::HardLink(link),
            b'2' => Form::Symlink(link),
            b'3' => Form::CharDevice(header.major, header.minor),
            b'4' => Form::BlockDevice(header.major, header.minor),
            b'6' => Form::Fifo,
            other => return Err(TarError::Kind { name: shown(&path), kind: other as char }),
        };
        Ok(Self {
            path,
            form,
            mode: header.mode,
            uid: before.uid.unwrap_or(header.uid),
            gid: before.gid.unwrap_or(header.gid),
            mtime: before.mtime.unwrap_or(header.mtime),
            xattrs: before.xattrs,
        })
    }
}

/// Somebody else's name may be long, and this one is shown.
pub(crate) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(&path[..path.len().min(300)]).into_owned()
}
