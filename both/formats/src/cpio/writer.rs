//! Writes a tree as a newc archive. The same tree gives the same bytes, however it was put together.

use std::collections::BTreeMap;

use super::format::{
    ALIGN, HEADER, Header, MAGIC, PATH_MAX, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK,
    TRAILER,
};
use crate::tree::{Kind, Node, NodeId, Tree};

/// What a tree has and a newc archive can't hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The kernel skips such an entry silently.
    #[error("path of {len} bytes is too long for an initrd (4095 at most): {path}")]
    Path {
        /// The path.
        path: String,
        /// Its length.
        len: usize,
    },
    /// Sizes have 32 bits.
    #[error("{path} has {len} bytes; a cpio archive holds files below 4 GiB")]
    Size {
        /// The file.
        path: String,
        /// Its length.
        len: usize,
    },
    /// The format has no place for extended attributes.
    #[error("{path} has extended attributes, which a cpio archive can't hold")]
    Xattrs {
        /// The file.
        path: String,
    },
}

/// The archive of a tree: parents before children, siblings by bytes, the root as `.`.
///
/// Owner, group and permission bits are the tree's. Times are 0 and inode numbers count up from 1 in the order
/// of the walk. Of the names of a hard link the last one carries the content. The length is a multiple of four
/// bytes.
pub fn write(tree: &Tree) -> Result<Vec<u8>, WriteError> {
    let mut links: BTreeMap<NodeId, u32> = BTreeMap::new();
    let mut size = 2 * HEADER;
    tree.walk(|path, id| {
        *links.entry(id).or_default() += 1;
        size += HEADER + path.len() + content(tree.node(id)).len() + 2 * ALIGN;
    });
    let mut writer = Writer { tree, links, seen: BTreeMap::new(), next: 0, out: Vec::with_capacity(size) };
    let mut result = Ok(());
    tree.walk(|path, id| {
        if result.is_ok() {
            result = writer.entry(path, id);
        }
    });
    result?;
    writer.push(Header { nlink: 1, ..Header::default() }, TRAILER, b"");
    Ok(writer.out)
}

struct Writer<'a> {
    tree: &'a Tree,
    /// How many names each node has.
    links: BTreeMap<NodeId, u32>,
    /// Inode number and names written so far, of nodes with more than one name.
    seen: BTreeMap<NodeId, (u32, u32)>,
    next: u32,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn entry(&mut self, path: &[u8], id: NodeId) -> Result<(), WriteError> {
        let node = self.tree.node(id);
        let name = match path {
            b"/" => b".",
            _ => &path[1..],
        };
        let shown = || String::from_utf8_lossy(path).into_owned();
        if name.len() >= PATH_MAX {
            return Err(WriteError::Path { path: shown(), len: name.len() });
        }
        if !node.meta.xattrs.is_empty() {
            return Err(WriteError::Xattrs { path: shown() });
        }
        let (ino, nlink, carries) = self.inode(id);
        let body = if carries { content(node) } else { b"" };
        let filesize =
            u32::try_from(body.len()).map_err(|_| WriteError::Size { path: shown(), len: body.len() })?;
        let (kind, rmajor, rminor) = kind(&node.kind);
        let mode = kind | u32::from(node.meta.mode & 0o7777);
        let (uid, gid) = (node.meta.uid, node.meta.gid);
        let header = Header { ino, mode, uid, gid, nlink, filesize, rmajor, rminor, ..Header::default() };
        self.push(header, name, body);
        Ok(())
    }

    /// Inode number, number of names, and whether this name carries the content.
    fn inode(&mut self, id: NodeId) -> (u32, u32, bool) {
        let names = self.links.get(&id).copied().unwrap_or(1);
        match self.tree.node(id).kind {
            Kind::Directory(_) => (self.number(), 2, true),
            // The kernel makes a symbolic link anew for each of its names, so each is an inode of its own.
            Kind::Symlink(_) => (self.number(), 1, true),
            _ if names == 1 => (self.number(), 1, true),
            _ => {
                let (ino, written) = self.seen.get(&id).copied().unwrap_or_else(|| (self.number(), 0));
                self.seen.insert(id, (ino, written + 1));
                (ino, names, written + 1 == names)
            }
        }
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn push(&mut self, header: Header, name: &[u8], body: &[u8]) {
        let header = Header { namesize: name.len() as u32 + 1, ..header };
        self.out.extend_from_slice(MAGIC);
        for field in header.to_fields() {
            for shift in (0..8).rev() {
                self.out.push(b"0123456789abcdef"[(field >> (shift * 4)) as usize & 15]);
            }
        }
        self.out.extend_from_slice(name);
        self.out.push(0);
        self.pad();
        self.out.extend_from_slice(body);
        self.pad();
    }

    fn pad(&mut self) {
        self.out.resize(self.out.len().next_multiple_of(ALIGN), 0);
    }
}

fn content(node: &Node) -> &[u8] {
    match &node.kind {
        Kind::File(bytes) => bytes,
        Kind::Symlink(target) => target,
        _ => b"",
    }
}

fn kind(kind: &Kind) -> (u32, u32, u32) {
    match kind {
        Kind::Directory(_) => (S_IFDIR, 0, 0),
        Kind::File(_) => (S_IFREG, 0, 0),
        Kind::Symlink(_) => (S_IFLNK, 0, 0),
        Kind::CharDevice(major, minor) => (S_IFCHR, *major, *minor),
        Kind::BlockDevice(major, minor) => (S_IFBLK, *major, *minor),
        Kind::Fifo => (S_IFIFO, 0, 0),
        Kind::Socket => (S_IFSOCK, 0, 0),
    }
}
