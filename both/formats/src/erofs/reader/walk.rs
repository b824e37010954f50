//! Every entry of an image, parents first, siblings in the order of the directory.

use std::collections::HashSet;
use std::rc::Rc;

use super::data::Contents;
use super::{Image, Inode, Limits, ReadError, directory};

/// One name of one inode.
#[derive(Debug)]
pub struct Entry<'e> {
    /// Absolute path.
    pub path: &'e [u8],
    /// Last part of the path; empty for the root.
    pub name: &'e [u8],
    /// Inode of the directory that it stands in; the root's own for the root.
    pub parent: u64,
    /// What it names.
    pub inode: &'e Inode,
}

struct Pending {
    above: Rc<[u8]>,
    name: Vec<u8>,
    parent: u64,
    nid: u64,
    depth: u32,
}

/// Calls `visit` for each entry. Content of directories is read, that of files is up to `visit`.
pub fn walk<'i>(
    image: &Image<'_>,
    limits: &Limits,
    mut visit: impl FnMut(&Entry<'_>, &mut Contents<'i>) -> Result<(), ReadError>,
    contents: &mut Contents<'i>,
) -> Result<(), ReadError> {
    let root = image.root_nid();
    let mut seen = HashSet::new();
    let mut entries = 0;
    let mut stack =
        vec![Pending { above: Rc::from(&b""[..]), name: Vec::new(), parent: root, nid: root, depth: 0 }];
    while let Some(pending) = stack.pop() {
        let inode = Inode::read(image, pending.nid)?;
        let path: Rc<[u8]> = Rc::from([&pending.above[..], b"/", &pending.name].concat());
        if pending.depth == 0 && !inode.is_directory() {
            return Err(inode.wrong("the root is no directory"));
        }
        if inode.is_directory() && !seen.insert(inode.nid) {
            return Err(ReadError::DirectoryTwice { nid: inode.nid });
        }
        visit(&Entry { path: &path, name: &pending.name, parent: pending.parent, inode: &inode }, contents)?;
        if !inode.is_directory() {
            continue;
        }
        if pending.depth >= limits.depth {
            return Err(ReadError::Limit {
                what: "directories inside each other",
                limit: limits.depth.into(),
            });
        }
        let content = contents.read(&inode)?;
        let left = limits.entries as usize - entries;
        let children = directory::entries(&inode, &content, image.block_size() as usize, left)?;
        entries += children.len();
        if children.len() > left {
            return Err(ReadError::Limit { what: "directory entries", limit: limits.entries.into() });
        }
        let above = if pending.depth == 0 { Rc::from(&b""[..]) } else { path };
        for (name, nid) in children.into_iter().rev() {
            let above = Rc::clone(&above);
            stack.push(Pending { above, name, parent: inode.nid, nid, depth: pending.depth + 1 });
        }
    }
    Ok(())
}
