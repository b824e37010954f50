//! The nodes of a tree in the order of their inodes: parents first, siblings by name, each once.

use super::WriteError;
use crate::tree::{Kind, Node, NodeId, Tree};

/// A node that gets an inode.
#[derive(Debug)]
pub struct Found<'t> {
    /// Its number in the tree.
    pub id: NodeId,
    /// The directory that it was found in; the root is its own.
    pub parent: NodeId,
    /// Its first path, for messages.
    pub path: Vec<u8>,
    /// Names that lead to it; for a directory also `.` and the `..` of those below.
    pub nlink: u32,
    /// The node.
    pub node: &'t Node,
}

/// Every node that can be reached from the root.
pub fn survey(tree: &Tree) -> Result<Vec<Found<'_>>, WriteError> {
    let mut found: Vec<Found<'_>> = Vec::with_capacity(tree.len());
    let mut places: Vec<Option<usize>> = vec![None; tree.len()];
    let mut stack = vec![(Vec::new(), Tree::ROOT, Tree::ROOT)];
    while let Some((path, id, parent)) = stack.pop() {
        let node = tree.node(id);
        let directory = matches!(node.kind, Kind::Directory(_));
        if let Some(place) = places[id.index()] {
            if directory {
                return Err(WriteError::DirectoryTwice { path });
            }
            found[place].nlink += 1;
            continue;
        }
        if let (true, Some(above)) = (directory, places[parent.index()]) {
            found[above].nlink += 1;
        }
        places[id.index()] = Some(found.len());
        if let Kind::Directory(entries) = &node.kind {
            for (name, child) in entries.iter().rev() {
                stack.push(([&path[..], b"/", name].concat(), *child, id));
            }
        }
        let path = if path.is_empty() { b"/".to_vec() } else { path };
        found.push(Found { id, parent, path, nlink: if directory { 2 } else { 1 }, node });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Meta;

    fn directory() -> Node {
        Node { meta: Meta::default(), kind: Kind::Directory(std::collections::BTreeMap::new()) }
    }

    #[test]
    fn links_are_counted_and_nodes_come_once() {
        let mut tree = Tree::new(Meta::default());
        let b = tree.add(Tree::ROOT, b"b", directory()).unwrap();
        let file = Node { meta: Meta::default(), kind: Kind::Fifo };
        let pipe = tree.add(b, b"pipe", file).unwrap();
        tree.link(Tree::ROOT, b"a", pipe).unwrap();
        let found: Vec<_> = survey(&tree).unwrap().into_iter().map(|f| (f.path, f.nlink)).collect();
        let want = [(&b"/"[..], 3), (b"/a", 2), (b"/b", 2)];
        assert_eq!(found, want.map(|(path, nlink)| (path.to_vec(), nlink)));
    }

    #[test]
    fn a_directory_with_two_names_is_refused() {
        let mut tree = Tree::new(Meta::default());
        let a = tree.add(Tree::ROOT, b"a", directory()).unwrap();
        tree.link(a, b"loop", Tree::ROOT).unwrap();
        assert!(matches!(survey(&tree), Err(WriteError::DirectoryTwice { path }) if path == b"/a/loop"));
    }
}
