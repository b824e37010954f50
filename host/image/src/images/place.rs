//! Putting layers into the tree of the root, apart from everything that belongs to the node itself.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node, NodeId, Tree};
use corten_services::images::{IMAGES_INDEX_PATH, IMAGES_PATH, layer_path};

use super::read::ReadImages;
use crate::assembly::Origin;
use crate::error::Error;

/// Root alone gets to what lies in images. Their setuid programs are for containers, where they are mounted; nobody
/// else on the node can reach one, however the root itself is mounted.
const MODE: u16 = 0o700;

/// Adds images to a tree, and the origin of each of their files. Without images nothing is added.
pub fn place(
    tree: &mut Tree,
    origins: &mut BTreeMap<String, Origin>,
    images: &ReadImages,
    epoch: u64,
) -> Result<(), Error> {
    if images.index.images.is_empty() {
        return Ok(());
    }
    let folder = directory(tree, IMAGES_PATH, epoch)?;
    tree.node_mut(folder).meta.mode = MODE;
    let mut text =
        serde_json::to_vec_pretty(&images.index).map_err(|why| Error::part("index of images")(why.into()))?;
    text.push(b'\n');
    let meta = Meta { mode: 0o644, mtime: epoch, ..Meta::default() };
    let (_, name) = IMAGES_INDEX_PATH.rsplit_once('/').unwrap_or_default();
    let index = Node { meta, kind: Kind::File(Bytes::from(text)) };
    tree.add(folder, name.as_bytes(), index).map_err(|why| refused(IMAGES_INDEX_PATH, why))?;
    origins.insert(IMAGES_INDEX_PATH.to_owned(), Origin::Produced("index of images"));
    for (diff_id, layer) in &images.layers {
        let path = layer_path(diff_id);
        let at = directory(tree, &path, epoch)?;
        graft(tree, at, &layer.tree).map_err(|why| refused(&path, why))?;
        layer.tree.walk(|below, id| {
            if matches!(layer.tree.node(id).kind, Kind::File(_)) {
                let path = format!("{path}{}", String::from_utf8_lossy(below));
                origins.insert(path, Origin::Image(layer.image.clone()));
            }
        });
    }
    Ok(())
}

/// The directory at a path; those above it are made where they are missing.
fn directory(tree: &mut Tree, path: &str, epoch: u64) -> Result<NodeId, Error> {
    let mut at = Tree::ROOT;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        at = if let Some(child) = tree.child(at, name.as_bytes()) {
            child
        } else {
            let meta = Meta { mode: 0o755, mtime: epoch, ..Meta::default() };
            let node = Node { meta, kind: Kind::Directory(BTreeMap::new()) };
            tree.add(at, name.as_bytes(), node).map_err(|why| refused(path, why))?
        };
    }
    Ok(at)
}

/// Copies a whole tree to a directory. What has several names in it has them again.
fn graft(into: &mut Tree, at: NodeId, from: &Tree) -> Result<(), corten_formats::tree::TreeError> {
    into.node_mut(at).meta = from.node(Tree::ROOT).meta.clone();
    let mut copies: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut stack = vec![(Tree::ROOT, at)];
    while let Some((directory, copy)) = stack.pop() {
        let Kind::Directory(entries) = &from.node(directory).kind else { continue };
        for (name, id) in entries {
            if let Some(known) = copies.get(id) {
                into.link(copy, name, *known)?;
                continue;
            }
            let node = from.node(*id);
            let is_directory = matches!(node.kind, Kind::Directory(_));
            let kind = if is_directory { Kind::Directory(BTreeMap::new()) } else { node.kind.clone() };
            let added = into.add(copy, name, Node { meta: node.meta.clone(), kind })?;
            copies.insert(*id, added);
            if is_directory {
                stack.push((*id, added));
            }
        }
    }
    Ok(())
}

fn refused(path: &str, why: corten_formats::tree::TreeError) -> Error {
    Error::Path { path: path.to_owned(), why }
}
