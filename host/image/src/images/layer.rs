//! A layer of an image as a tree that overlayfs takes for a layer.
//!
//! What a layer takes away is a character device 0:0, and a directory that hides what lies below has the attribute
//! `trusted.overlay.opaque` (Documentation/filesystems/overlayfs.rst of Linux, "whiteouts and opaque directories").
//! A layer may leave out directories above its files, and may name files of lower layers by hard links. A tree can't:
//! its directory would take the place of theirs. So a layer is read first, and settled on those below it then.

use std::collections::BTreeMap;
use std::io::Read as _;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node, NodeId, Tree, TreeError};
use corten_oci::layer::{self, Entry, LayerReader, Place};

/// The attribute of a directory that hides what lies below.
const OPAQUE: &[u8] = b"trusted.overlay.opaque";

/// Attributes that Linux knows, by the start of their names. Others can be set on no file system, so every tool passes
/// them over: archives of other systems have them.
const ATTRIBUTES: [&[u8]; 4] = [b"user.", b"trusted.", b"security.", b"system.posix_acl_"];

/// Largest file that is taken into memory ahead of its content, bytes: its size is somebody else's word.
const AHEAD: u64 = 16 << 20;

/// Why a layer can't become a tree.
#[derive(Debug, thiserror::Error)]
pub enum LayerFault {
    /// It can't be read.
    #[error(transparent)]
    Layer(#[from] layer::LayerError),
    /// The content of a file can't be read.
    #[error("reading {path}: {why}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        why: std::io::Error,
    },
    /// A path has no place in a tree.
    #[error("{path}: {why}")]
    Tree {
        /// The path.
        path: String,
        /// Why.
        why: TreeError,
    },
    /// A directory that it leaves out is none in the layers below.
    #[error("it has something below {0}, which is no directory in the layers below it")]
    Above(String),
    /// A hard link to nothing.
    #[error("{path} is another name for {target}, which neither it nor a layer below has as a file")]
    Link {
        /// The link.
        path: String,
        /// What it names.
        target: String,
    },
}

/// A layer that was read on its own.
#[derive(Debug)]
pub struct RawLayer {
    tree: Tree,
    /// Directories that it does not name itself, parents first.
    implied: Vec<Vec<u8>>,
    /// Names for files of lower layers: path and target.
    borrowed: Vec<(Vec<u8>, Vec<u8>)>,
}

impl RawLayer {
    /// Reads a layer to its end. The reader still has to be finished: nothing is verified before.
    pub fn read(reader: &mut LayerReader<'_>) -> Result<Self, LayerFault> {
        let mut layer =
            Self { tree: Tree::new(directory().meta), implied: vec![Vec::new()], borrowed: Vec::new() };
        while let Some(entry) = reader.next()? {
            let content = match entry.kind {
                layer::Kind::File(size) => content(reader, size, &entry.path)?,
                _ => Bytes::new(),
            };
            layer.take(&entry, content)?;
        }
        Ok(layer)
    }

    /// What it has itself, without the layers below it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    fn take(&mut self, entry: &Entry, content: Bytes) -> Result<(), LayerFault> {
        let Entry { path, kind, .. } = entry;
        let kind = match kind {
            layer::Kind::File(_) => Kind::File(content),
            layer::Kind::Directory => Kind::Directory(BTreeMap::new()),
            layer::Kind::Symlink(target) => Kind::Symlink(target.clone()),
            layer::Kind::CharDevice(major, minor) => Kind::CharDevice(*major, *minor),
            layer::Kind::BlockDevice(major, minor) => Kind::BlockDevice(*major, *minor),
            layer::Kind::Fifo => Kind::Fifo,
            layer::Kind::Whiteout => return self.place(path, whiteout()),
            layer::Kind::Opaque => return self.hide(path),
            layer::Kind::HardLink(target, Place::Layer) => return self.link(path, target),
            layer::Kind::HardLink(target, Place::Lower) => {
                self.borrowed.push((path.clone(), target.clone()));
                return Ok(());
            }
        };
        let meta = meta_of(entry);
        self.place(&entry.path, Node { meta, kind })
    }

    /// Adds a node. A directory that is there already takes its owner and mode, and stays opaque.
    fn place(&mut self, path: &[u8], node: Node) -> Result<(), LayerFault> {
        if let (Some(there), Kind::Directory(_)) = (self.tree.lookup(path), &node.kind) {
            let there = self.tree.node_mut(there);
            let opaque = there.meta.xattrs.remove_entry(OPAQUE);
            there.meta = node.meta;
            there.meta.xattrs.extend(opaque);
            self.implied.retain(|implied| implied != path);
            return Ok(());
        }
        let (parent, name) = self.parent(path)?;
        self.tree.add(parent, name, node).map(drop).map_err(|why| refused(path, why))
    }

    fn hide(&mut self, path: &[u8]) -> Result<(), LayerFault> {
        if self.tree.lookup(path).is_none() {
            self.place(path, directory())?;
            self.implied.push(path.to_vec());
        }
        if let Some(id) = self.tree.lookup(path) {
            self.tree.node_mut(id).meta.xattrs.insert(OPAQUE.to_vec(), b"y".to_vec());
        }
        Ok(())
    }

    fn link(&mut self, path: &[u8], target: &[u8]) -> Result<(), LayerFault> {
        if let Some((_, lower)) = self.borrowed.iter().find(|(borrowed, _)| borrowed == target) {
            let lower = lower.clone();
            self.borrowed.push((path.to_vec(), lower));
            return Ok(());
        }
        let Some(id) = self.tree.lookup(target) else { return Err(no_target(path, target)) };
        let (parent, name) = self.parent(path)?;
        self.tree.link(parent, name, id).map_err(|why| refused(path, why))
    }

    /// The directory of a path and the name in it. Directories that are not there come into being.
    fn parent<'p>(&mut self, path: &'p [u8]) -> Result<(NodeId, &'p [u8]), LayerFault> {
        let mut at = Tree::ROOT;
        let mut start = 0;
        while let Some(length) = path[start..].iter().position(|byte| *byte == b'/') {
            let (above, name) = (&path[..start + length], &path[start..start + length]);
            at = if let Some(child) = self.tree.child(at, name) {
                child
            } else {
                self.implied.push(above.to_vec());
                self.tree.add(at, name, directory()).map_err(|why| refused(above, why))?
            };
            start += length + 1;
        }
        Ok((at, &path[start..]))
    }

    /// The tree on top of those of the layers below, the topmost last.
    pub fn settle(&self, below: &[&Tree]) -> Result<Tree, LayerFault> {
        let mut layer = Self { tree: self.tree.clone(), implied: Vec::new(), borrowed: Vec::new() };
        for (path, target) in &self.borrowed {
            let found = find(below, target).filter(|node| !matches!(node.kind, Kind::Directory(_)));
            let node = found.ok_or_else(|| no_target(path, target))?.clone();
            layer.place(path, node)?;
        }
        for path in self.implied.iter().chain(&layer.implied.clone()) {
            let Some(found) = find(below, path) else { continue };
            if !matches!(found.kind, Kind::Directory(_)) {
                return Err(LayerFault::Above(shown(path)));
            }
            if let Some(id) = layer.tree.lookup(path) {
                let there = layer.tree.node_mut(id);
                let opaque = there.meta.xattrs.remove_entry(OPAQUE);
                there.meta = found.meta.clone();
                there.meta.xattrs.remove(OPAQUE);
                there.meta.xattrs.extend(opaque);
            }
        }
        Ok(layer.tree)
    }
}

/// Whether nothing of the layers below a tree is seen at all.
pub fn hides_everything(tree: &Tree) -> bool {
    is_opaque(tree.node(Tree::ROOT))
}

/// What a path is in a stack of layers, the topmost last.
fn find<'t>(stack: &[&'t Tree], path: &[u8]) -> Option<&'t Node> {
    for tree in stack.iter().rev() {
        let mut node = tree.node(Tree::ROOT);
        let mut hidden = is_opaque(node);
        let mut found = true;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            let Kind::Directory(entries) = &node.kind else { return None };
            let Some(child) = entries.get(name) else {
                found = false;
                break;
            };
            node = tree.node(*child);
            hidden |= is_opaque(node);
        }
        match node.kind {
            _ if !found => {}
            Kind::CharDevice(0, 0) => return None,
            _ => return Some(node),
        }
        // What is no directory has no entries, and what is opaque hides those of the layers below.
        if hidden || !matches!(node.kind, Kind::Directory(_)) {
            return None;
        }
    }
    None
}

fn is_opaque(node: &Node) -> bool {
    node.meta.xattrs.get(OPAQUE).is_some_and(|value| value == b"y")
}

fn directory() -> Node {
    Node { meta: Meta { mode: 0o755, ..Meta::default() }, kind: Kind::Directory(BTreeMap::new()) }
}

fn whiteout() -> Node {
    Node { meta: Meta::default(), kind: Kind::CharDevice(0, 0) }
}

fn meta_of(entry: &Entry) -> Meta {
    let known = |name: &[u8]| ATTRIBUTES.iter().any(|start| name.starts_with(start));
    Meta {
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        // Times before 1970 have no place in an inode.
        mtime: u64::try_from(entry.mtime).unwrap_or(0),
        xattrs: entry
            .xattrs
            .iter()
            .filter(|(name, _)| known(name))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    }
}

fn content(reader: &mut LayerReader<'_>, size: u64, path: &[u8]) -> Result<Bytes, LayerFault> {
    let mut bytes = Vec::with_capacity(size.min(AHEAD) as usize);
    let read = reader.read_to_end(&mut bytes);
    read.map_err(|why| LayerFault::Read { path: shown(path), why })?;
    Ok(Bytes::from(bytes))
}

fn shown(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

fn refused(path: &[u8], why: TreeError) -> LayerFault {
    LayerFault::Tree { path: shown(path), why }
}

fn no_target(path: &[u8], target: &[u8]) -> LayerFault {
    LayerFault::Link { path: shown(path), target: shown(target) }
}
