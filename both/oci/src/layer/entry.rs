//! What a layer says of one path.

use std::collections::BTreeMap;

use crate::tar::{Form, Member};

/// Before the name of what is removed.
pub const WHITEOUT: &[u8] = b".wh.";

/// Name of the mark of an opaque directory.
pub const OPAQUE: &[u8] = b".wh..wh..opq";

/// Before names that only aufs understands.
pub const AUFS: &[u8] = b".wh..wh.";

/// What a layer says of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path without a leading slash and with single ones, `usr/bin/crun`; empty for the root. It need not be UTF-8.
    pub path: Vec<u8>,
    /// What is there.
    pub kind: Kind,
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

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular file with so many bytes.
    File(u64),
    /// Directory.
    Directory,
    /// Target of a symbolic link: it can be absolute and can lead anywhere.
    Symlink(Vec<u8>),
    /// Another name for what is at this path, in the form of paths of entries.
    HardLink(Vec<u8>, Place),
    /// Character device, major and minor number. Overlayfs takes one of 0 and 0 for a whiteout.
    CharDevice(u32, u32),
    /// Block device, major and minor number.
    BlockDevice(u32, u32),
    /// Named pipe.
    Fifo,
    /// What lower layers have at the path is gone.
    Whiteout,
    /// What lower layers have in the directory of the path is gone.
    Opaque,
}

/// Where that is which a hard link names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the same layer, before the link.
    Layer,
    /// In a lower layer, if there at all.
    Lower,
}

impl Entry {
    /// An entry that is root's, of the mode given, without time and attributes.
    pub fn new(path: impl Into<Vec<u8>>, kind: Kind, mode: u16) -> Self {
        Self { path: path.into(), kind, mode, uid: 0, gid: 0, mtime: 0, xattrs: BTreeMap::new() }
    }

    /// How it stands in an archive.
    pub fn member(&self) -> Member {
        let form = match &self.kind {
            Kind::File(size) => Form::File(*size),
            Kind::Directory => Form::Directory,
            Kind::Symlink(target) => Form::Symlink(target.clone()),
            Kind::HardLink(target, _) => Form::HardLink(target.clone()),
            Kind::CharDevice(major, minor) => Form::CharDevice(*major, *minor),
            Kind::BlockDevice(major, minor) => Form::BlockDevice(*major, *minor),
            Kind::Fifo => Form::Fifo,
            Kind::Whiteout | Kind::Opaque => Form::File(0),
        };
        Member {
            path: self.stored_path(),
            form,
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            mtime: self.mtime,
            xattrs: self.xattrs.clone(),
        }
    }

    /// What entries are sorted by when they are written: their paths in the archive, part by part, the root first. A
    /// directory comes directly before what is in it.
    pub fn order(&self) -> Vec<u8> {
        let path = self.stored_path();
        if path == b"." {
            return Vec::new();
        }
        // NUL is in no name, and before everything that is.
        path.into_iter().map(|byte| if byte == b'/' { 0 } else { byte }).collect()
    }

    /// The path at which it stands in an archive: whiteouts have a name of their own, and the root is `.`.
    pub fn stored_path(&self) -> Vec<u8> {
        match self.kind {
            Kind::Whiteout => {
                let at = super::path::name_at(&self.path);
                [&self.path[..at], WHITEOUT, &self.path[at..]].concat()
            }
            Kind::Opaque if self.path.is_empty() => OPAQUE.to_vec(),
            Kind::Opaque => [&self.path[..], b"/", OPAQUE].concat(),
            _ if self.path.is_empty() => b".".to_vec(),
            _ => self.path.clone(),
        }
    }
}
