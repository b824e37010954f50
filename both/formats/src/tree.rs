//! A file system as data: what the builder assembles and the writers of EROFS, cpio and tar consume.
//!
//! Nodes stand in an arena and directories refer to them by number, so a hard link is two entries with the
//! same number. Directory entries are sorted by bytes, so a walk has one order only.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Number of a node in its [`Tree`]. The root is [`Tree::ROOT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Position in the arena, counted from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What every node has, whatever its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits with setuid, setgid and sticky, without the file type: `0o7777` at most.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970, UTC.
    pub mtime: u64,
    /// Extended attributes by full name, `security.capability` for example.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Entries by name; neither `.` nor `..` is among them.
    Directory(BTreeMap<Vec<u8>, NodeId>),
    /// Content of a regular file. Cloning is cheap.
    File(Bytes),
    /// Target of a symbolic link.
    Symlink(Vec<u8>),
    /// Character device, major and minor number.
    CharDevice(u32, u32),
    /// Block device, major and minor number.
    BlockDevice(u32, u32),
    /// Named pipe.
    Fifo,
    /// Unix socket.
    Socket,
}

/// One file, directory, link or device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Owner, mode, time, attributes.
    pub meta: Meta,
    /// Type and content.
    pub kind: Kind,
}

/// What keeps an entry from being added to a [`Tree`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The name is empty, `.`, `..`, longer than 255 bytes, or holds `/` or NUL.
    #[error("{:?} is not a file name", String::from_utf8_lossy(.0))]
    Name(Vec<u8>),
    /// The parent of the new entry is no directory.
    #[error("the parent of {:?} is not a directory", String::from_utf8_lossy(.0))]
    Parent(Vec<u8>),
    /// The directory has an entry of that name.
    #[error("{:?} exists already", String::from_utf8_lossy(.0))]
    Exists(Vec<u8>),
}

/// A file system in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The root directory.
    pub const ROOT: NodeId = NodeId(0);

    /// A tree that holds an empty root directory.
    pub fn new(root: Meta) -> Self {
        Self { nodes: vec![Node { meta: root, kind: Kind::Directory(BTreeMap::new()) }] }
    }

    /// Number of nodes, the root included. A file with two hard links counts once.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A tree is never empty: it has its root.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The node of that number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node of that number, to be changed. Entries of directories are added by [`Tree::add`].
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// Every node with its number, in order of creation.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(n, node)| (NodeId(n as u32), node))
    }

    /// Adds a node under a directory.
    pub fn add(&mut self, parent: NodeId, name: &[u8], node: Node) -> Result<NodeId, TreeError> {
        let id = NodeId(self.nodes.len() as u32);
        self.link(parent, name, id)?;
        self.nodes.push(node);
        Ok(id)
    }

    /// Adds one more name for a node: a hard link.
    pub fn link(&mut self, parent: NodeId, name: &[u8], target: NodeId) -> Result<(), TreeError> {
        let bad = name.is_empty() || name == b"." || name == b".." || name.len() > 255;
        if bad || name.iter().any(|b| matches!(b, b'/' | 0)) {
            return Err(TreeError::Name(name.to_vec()));
        }
        match &mut self.nodes[parent.index()].kind {
            Kind::Directory(entries) => match entries.entry(name.to_vec()) {
                std::collections::btree_map::Entry::Occupied(_) => Err(TreeError::Exists(name.to_vec())),
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(target);
                    Ok(())
                }
            },
            _ => Err(TreeError::Parent(name.to_vec())),
        }
    }

    /// The entry of a directory; `None` also where the parent is no directory.
    pub fn child(&self, parent: NodeId, name: &[u8]) -> Option<NodeId> {
        match &self.node(parent).kind {
            Kind::Directory(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    /// The node at an absolute or root-relative path, `/usr/bin/nft` for example. Links are not followed.
    pub fn lookup(&self, path: &[u8]) -> Option<NodeId> {
        path.split(|b| *b == b'/')
            .filter(|part| !part.is_empty())
            .try_fold(Self::ROOT, |at, part| self.child(at, part))
    }

    /// Visits every entry with its absolute path, parents first, siblings by bytes. The root comes first, as `/`.
    pub fn walk(&self, mut visit: impl FnMut(&[u8], NodeId)) {
        let mut stack = vec![(b"/".to_vec(), Self::ROOT)];
        while let Some((path, id)) = stack.pop() {
            visit(&path, id);
            if let Kind::Directory(entries) = &self.node(id).kind {
                for (name, child) in entries.iter().rev() {
                    let mut below = path.clone();
                    if below.last() != Some(&b'/') {
                        below.push(b'/');
                    }
                    below.extend_from_slice(name);
                    stack.push((below, *child));
                }
            }
        }
    }
}
