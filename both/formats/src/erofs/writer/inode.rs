//! One inode: which form it takes, how long its record is, and its bytes.

use zerocopy::IntoBytes;

use super::content::Contents;
use super::directory::Listing;
use super::survey::Found;
use super::{WriteError, index, xattr};
use crate::erofs::format::{BLOCK, CompactInode, ExtendedInode, encode_device, layout, mode};
use crate::tree::Kind;

/// The longest target that Linux can follow, `PATH_MAX` with its NUL.
const TARGET_MAX: usize = 4095;

/// What an inode's data is.
#[derive(Debug)]
pub enum Data<'t> {
    /// None: a device with its number, a pipe, a socket.
    Special(u32),
    /// Entries of a directory.
    Directory(Listing<'t>),
    /// Target of a link.
    Symlink(&'t [u8]),
    /// Content of a file by its place in [`Contents`]; `None` for an empty file.
    File(Option<usize>),
}

/// An inode before it has a place.
#[derive(Debug)]
pub struct Inode<'t> {
    /// What it holds.
    pub data: Data<'t>,
    /// Bytes of its data.
    pub size: usize,
    layout: u16,
    extended: bool,
    xattrs: Vec<u8>,
}

impl<'t> Inode<'t> {
    /// Decides on the form. `epoch` is the time that compact inodes have.
    pub fn new(
        found: &Found<'t>,
        data: Data<'t>,
        contents: &Contents,
        epoch: u64,
    ) -> Result<Self, WriteError> {
        let meta = &found.node.meta;
        let path = || found.path.clone();
        if meta.mode > 0o7777 {
            return Err(WriteError::Mode { path: path(), mode: meta.mode });
        }
        let xattrs =
            xattr::encode(&meta.xattrs).map_err(|source| WriteError::Xattr { path: path(), source })?;
        let size = match &data {
            Data::Special(_) | Data::File(None) => 0,
            Data::Directory(listing) => listing.size(),
            Data::Symlink(target) => target.len(),
            Data::File(Some(at)) => contents.list[*at].bytes.len(),
        };
        let extended = meta.mtime != epoch
            || meta.uid > 0xffff
            || meta.gid > 0xffff
            || found.nlink > 0xffff
            || size > u32::MAX as usize;
        let mut inode = Self { data, size, layout: layout::FLAT_PLAIN, extended, xattrs };
        let rest = size % BLOCK;
        if inode.pieces(contents).is_some() {
            inode.layout = layout::COMPRESSED_FULL;
        } else if rest != 0 && inode.head() + rest <= BLOCK {
            inode.layout = layout::FLAT_INLINE;
        }
        Ok(inode)
    }

    /// Bytes of its record in the metadata.
    pub fn record_len(&self) -> usize {
        match self.layout {
            layout::COMPRESSED_FULL => self.head().next_multiple_of(8) + index::encoded_len(self.size),
            layout::FLAT_INLINE => self.head() + self.size % BLOCK,
            _ => self.head(),
        }
    }

    /// Whole blocks that its data takes outside of the record, if the data is not compressed.
    pub fn flat_blocks(&self) -> usize {
        match self.layout {
            layout::COMPRESSED_FULL => 0,
            layout::FLAT_INLINE => self.size / BLOCK,
            _ => self.size.div_ceil(BLOCK),
        }
    }

    /// Whether the data is compressed.
    pub fn compressed(&self) -> bool {
        self.layout == layout::COMPRESSED_FULL
    }

    /// The record. `flat` is the data of an inode that is not compressed.
    pub fn encode(&self, found: &Found<'_>, place: Place, contents: &Contents, flat: &[u8]) -> Vec<u8> {
        let blocks = match self.pieces(contents) {
            Some(at) => contents.list[at].blocks as u32,
            None => place.first_block,
        };
        let value = match self.data {
            Data::Special(device) => device,
            _ => blocks,
        };
        let mut out = Vec::with_capacity(self.record_len());
        self.encode_head(found, place.ino, value, &mut out);
        out.extend_from_slice(&self.xattrs);
        match self.layout {
            layout::FLAT_INLINE => out.extend_from_slice(&flat[self.size / BLOCK * BLOCK..]),
            layout::COMPRESSED_FULL => {
                out.resize(out.len().next_multiple_of(8), 0);
                let content = self.pieces(contents).map(|at| &contents.list[at]);
                if let Some((content, pieces)) = content.and_then(|c| Some((c, c.pieces.as_ref()?))) {
                    out.extend(index::encode(self.size, content.packing(), pieces, place.first_block));
                }
            }
            _ => {}
        }
        out
    }

    fn encode_head(&self, found: &Found<'_>, ino: u32, value: u32, out: &mut Vec<u8>) {
        let meta = &found.node.meta;
        let mode = type_bits(&found.node.kind) | meta.mode;
        let format = self.layout << 1 | u16::from(self.extended);
        let xattr_count = xattr::count(&self.xattrs) as u16;
        if self.extended {
            let inode = ExtendedInode {
                format: format.into(),
                xattr_count: xattr_count.into(),
                mode: mode.into(),
                size: (self.size as u64).into(),
                place: value.into(),
                ino: ino.into(),
                uid: meta.uid.into(),
                gid: meta.gid.into(),
                mtime: meta.mtime.into(),
                nlink: found.nlink.into(),
                ..ExtendedInode::default()
            };
            out.extend_from_slice(inode.as_bytes());
        } else {
            let inode = CompactInode {
                format: format.into(),
                xattr_count: xattr_count.into(),
                mode: mode.into(),
                nlink: (found.nlink as u16).into(),
                size: (self.size as u32).into(),
                place: value.into(),
                ino: ino.into(),
                uid: (meta.uid as u16).into(),
                gid: (meta.gid as u16).into(),
                ..CompactInode::default()
            };
            out.extend_from_slice(inode.as_bytes());
        }
    }

    /// Bytes of inode and attributes.
    fn head(&self) -> usize {
        let inode = if self.extended { size_of::<ExtendedInode>() } else { size_of::<CompactInode>() };
        inode + self.xattrs.len()
    }

    /// The content, where it is compressed.
    fn pieces(&self, contents: &Contents) -> Option<usize> {
        match self.data {
            Data::File(Some(at)) if contents.list[at].pieces.is_some() => Some(at),
            _ => None,
        }
    }
}

/// Where an inode's data begins, and its number for 32-bit stat.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// First block of the data outside of the record.
    pub first_block: u32,
    /// Counted from 1.
    pub ino: u32,
}

impl<'t> Data<'t> {
    /// The data of a node that is no directory.
    pub fn of(found: &Found<'t>, content: Option<usize>) -> Result<Self, WriteError> {
        let device = |major, minor| {
            encode_device(major, minor).map(Self::Special).ok_or_else(|| WriteError::Device {
                path: found.path.clone(),
                major,
                minor,
            })
        };
        match &found.node.kind {
            Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => device(*major, *minor),
            Kind::Symlink(target) if target.is_empty() || target.len() > TARGET_MAX => {
                Err(WriteError::Symlink { path: found.path.clone(), len: target.len() })
            }
            Kind::Symlink(target) => Ok(Self::Symlink(target)),
            Kind::File(_) => Ok(Self::File(content)),
            Kind::Fifo | Kind::Socket | Kind::Directory(_) => Ok(Self::Special(0)),
        }
    }
}

fn type_bits(kind: &Kind) -> u16 {
    match kind {
        Kind::File(_) => mode::FILE,
        Kind::Directory(_) => mode::DIRECTORY,
        Kind::Symlink(_) => mode::SYMLINK,
        Kind::CharDevice(..) => mode::CHAR,
        Kind::BlockDevice(..) => mode::BLOCK,
        Kind::Fifo => mode::FIFO,
        Kind::Socket => mode::SOCKET,
    }
}
