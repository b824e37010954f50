//! A tree as the one layer of an image.

use std::collections::BTreeMap;

use corten_formats::tree::{Kind, Node, NodeId, Tree};
use corten_oci::compression::Compression;
use corten_oci::layer::{self, Entry, Place};
use corten_oci::write::{Layer, LayerWriter, WriteError};

/// Writes a tree as a layer. Gzip, since there are still readers that know nothing else.
pub fn layer(tree: &Tree) -> Result<(Layer, Vec<u8>), WriteError> {
    let mut writer = LayerWriter::new(Vec::new(), Compression::Gzip)?;
    let mut names: BTreeMap<NodeId, Vec<u8>> = BTreeMap::new();
    let mut written = Ok(());
    tree.walk(|path, id| {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let node = tree.node(id);
        let Some(kind) = kind(node, names.get(&id)) else { return };
        let content: &[u8] = match &node.kind {
            Kind::File(content) => content,
            _ => &[],
        };
        names.entry(id).or_insert_with(|| path.to_vec());
        if written.is_ok() {
            written = writer.add(&entry(path, node, kind), &mut { content });
        }
    });
    written?;
    writer.finish()
}

/// What an entry is; `None` for a socket, which no archive has a form for.
fn kind(node: &Node, first: Option<&Vec<u8>>) -> Option<layer::Kind> {
    Some(match &node.kind {
        Kind::Directory(_) => layer::Kind::Directory,
        Kind::Socket => return None,
        _ if first.is_some() => layer::Kind::HardLink(first?.clone(), Place::Layer),
        Kind::File(content) => layer::Kind::File(content.len() as u64),
        Kind::Symlink(target) => layer::Kind::Symlink(target.clone()),
        Kind::CharDevice(major, minor) => layer::Kind::CharDevice(*major, *minor),
        Kind::BlockDevice(major, minor) => layer::Kind::BlockDevice(*major, *minor),
        Kind::Fifo => layer::Kind::Fifo,
    })
}

fn entry(path: &[u8], node: &Node, kind: layer::Kind) -> Entry {
    let meta = &node.meta;
    Entry {
        uid: meta.uid,
        gid: meta.gid,
        mtime: i64::try_from(meta.mtime).unwrap_or(i64::MAX),
        xattrs: meta.xattrs.clone(),
        ..Entry::new(path, kind, meta.mode)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use corten_formats::tree::Meta;
    use corten_oci::digest::Algorithm;
    use corten_oci::layer::{LayerReader, Limits, dump};

    use super::*;

    #[test]
    fn a_layer_says_of_each_path_what_the_tree_says() {
        let meta = |mode| Meta { mode, mtime: 7, ..Meta::default() };
        let mut tree = Tree::new(meta(0o755));
        let directory = Node { meta: meta(0o1777), kind: Kind::Directory(BTreeMap::new()) };
        let tmp = tree.add(Tree::ROOT, b"tmp", directory).expect("it is free");
        let file =
            Node { meta: Meta { uid: 33, ..meta(0o600) }, kind: Kind::File(Bytes::from_static(b"text")) };
        let file = tree.add(tmp, b"a", file).expect("it is free");
        tree.link(tmp, b"b", file).expect("it is free");
        let link = Node { meta: meta(0o777), kind: Kind::Symlink(b"usr/bin".to_vec()) };
        tree.add(Tree::ROOT, b"bin", link).expect("it is free");
        let (written, bytes) = layer(&tree).expect("memory takes everything");
        let mut reader =
            LayerReader::new(bytes.as_slice(), Algorithm::Sha256, Limits::default()).expect("it is a layer");
        let mut entries = Vec::new();
        while let Some(entry) = reader.next().expect("it can be read") {
            entries.push(entry);
        }
        let lines: Vec<String> = dump(&entries).lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                ". 0755 0:0 @7 directory",
                "bin 0777 0:0 @7 link to usr/bin",
                "tmp 1777 0:0 @7 directory",
                "tmp/a 0600 33:0 @7 file of 4",
                "tmp/b 0600 33:0 @7 same as tmp/a",
            ]
        );
        assert_eq!(reader.finish().expect("it can be read"), written.diff_id);
    }
}
