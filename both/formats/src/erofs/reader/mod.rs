//! From the bytes of an image to a tree.
//!
//! The image may be hostile: every offset is checked, sizes count against [`Limits`] before anything is
//! unpacked, and a directory that is its own ancestor is an error. What the format knows and this reader does
//! not is a [`ReadError::Unsupported`] that names it.

mod compact;
mod data;
mod directory;
mod extents;
mod image;
mod inode;
mod unpack;
mod walk;
mod xattr;

use std::collections::HashMap;

use bytes::Bytes;

pub(super) use self::data::Contents;
pub(super) use self::extents::{Extent, Place, extents};
pub(super) use self::image::Image;
pub(super) use self::inode::{Inode, Layout};
pub(super) use self::walk::walk;
use super::format::{decode_device, mode};
use crate::tree::{Kind, Meta, Node, NodeId, Tree, TreeError};

/// What an image may ask of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all content: files, directories, links, extended attributes.
    pub content_bytes: u64,
    /// Directory entries.
    pub entries: u32,
    /// Directories inside each other.
    pub depth: u32,
}

impl Default for Limits {
    /// 4 GiB, a million entries, 128 directories deep.
    fn default() -> Self {
        Self { content_bytes: 4 << 30, entries: 1_000_000, depth: 128 }
    }
}

/// Why an image can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The magic number is missing.
    #[error("no EROFS superblock: magic {0:#010x} at byte 1024, expected 0xe0f5e1e2")]
    Magic(u32),
    /// The superblock is damaged.
    #[error("superblock checksum {found:#010x}, expected {expected:#010x}")]
    Checksum {
        /// What stands in it.
        found: u32,
        /// What its bytes give.
        expected: u32,
    },
    /// Something lies outside of the image.
    #[error("{what} at byte {offset} does not lie within the image of {size} bytes")]
    Outside {
        /// What was looked for.
        what: &'static str,
        /// Where.
        offset: u64,
        /// Bytes of the image.
        size: usize,
    },
    /// The image uses something of the format that this reader has not.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// An inode contradicts itself.
    #[error("inode {nid}: {what}")]
    Inode {
        /// Number of the inode.
        nid: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A directory has two names or contains itself.
    #[error("inode {nid} is a directory that is found a second time")]
    DirectoryTwice {
        /// Number of the inode.
        nid: u64,
    },
    /// An entry has no place in a tree.
    #[error("inode {nid}: {source}")]
    Entry {
        /// Number of the directory's inode.
        nid: u64,
        /// What is wrong.
        source: TreeError,
    },
    /// A limit is exceeded.
    #[error("the image has more than {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// Reads an image with all its content.
pub fn read(image: &[u8], limits: &Limits) -> Result<Tree, ReadError> {
    let image = Image::open(image)?;
    let mut contents = Contents::new(&image, limits.content_bytes);
    let mut known: HashMap<u64, NodeId> = HashMap::new();
    let mut tree: Option<Tree> = None;
    walk(
        &image,
        limits,
        |entry, contents| {
            let wrong = |source| ReadError::Entry { nid: entry.parent, source };
            let Some(tree) = &mut tree else {
                tree = Some(Tree::new(meta(&image, entry.inode, contents)?));
                known.insert(entry.inode.nid, Tree::ROOT);
                return Ok(());
            };
            let parent = *known.get(&entry.parent).ok_or(ReadError::DirectoryTwice { nid: entry.parent })?;
            if let Some(id) = known.get(&entry.inode.nid) {
                return tree.link(parent, entry.name, *id).map_err(wrong);
            }
            let node =
                Node { meta: meta(&image, entry.inode, contents)?, kind: kind(entry.inode, contents)? };
            let id = tree.add(parent, entry.name, node).map_err(wrong)?;
            known.insert(entry.inode.nid, id);
            Ok(())
        },
        &mut contents,
    )?;
    tree.ok_or(ReadError::Inode { nid: image.root_nid(), what: "there is no root directory" })
}

fn meta(image: &Image<'_>, inode: &Inode, contents: &mut Contents<'_>) -> Result<Meta, ReadError> {
    let xattrs = xattr::read(image, inode)?;
    // Many inodes may share one large attribute, so that a small image has more of them than memory.
    contents.count(xattrs.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum())?;
    Ok(Meta { mode: inode.mode & 0o7777, uid: inode.uid, gid: inode.gid, mtime: inode.mtime, xattrs })
}

fn kind(inode: &Inode, contents: &mut Contents<'_>) -> Result<Kind, ReadError> {
    let device = decode_device(inode.place);
    Ok(match inode.mode & mode::TYPE {
        mode::FILE => Kind::File(Bytes::from(contents.read(inode)?)),
        mode::DIRECTORY => Kind::Directory(std::collections::BTreeMap::new()),
        mode::SYMLINK => Kind::Symlink(contents.read(inode)?),
        mode::CHAR => Kind::CharDevice(device.0, device.1),
        mode::BLOCK => Kind::BlockDevice(device.0, device.1),
        mode::FIFO => Kind::Fifo,
        mode::SOCKET => Kind::Socket,
        _ => return Err(ReadError::Inode { nid: inode.nid, what: "the mode has no known file type" }),
    })
}
