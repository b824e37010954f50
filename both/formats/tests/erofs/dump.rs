//! The text form of images, which shows the layout.

use std::collections::BTreeMap;

use corten_formats::erofs::{Compression, Limits, NoCache, Packing, PieceSize, WriteError, debug, write};
use corten_formats::tree::{Kind, Meta, Node, NodeId, Tree};

use crate::trees::{EPOCH, options};

fn meta(mode: u16) -> Meta {
    Meta { mode, mtime: EPOCH, ..Meta::default() }
}

fn add(tree: &mut Tree, parent: NodeId, name: &str, kind: Kind) -> NodeId {
    tree.add(parent, name.as_bytes(), Node { meta: meta(0o755), kind }).expect("the name is free")
}

/// One of each kind, and files of each layout.
fn sample() -> Tree {
    let mut tree = Tree::new(meta(0o755));
    let bin = add(&mut tree, Tree::ROOT, "bin", Kind::Directory(BTreeMap::new()));
    let dev = add(&mut tree, Tree::ROOT, "dev", Kind::Directory(BTreeMap::new()));
    add(&mut tree, Tree::ROOT, "lib", Kind::Symlink(b"usr/lib".to_vec()));
    add(&mut tree, dev, "null", Kind::CharDevice(1, 3));
    add(&mut tree, dev, "sda", Kind::BlockDevice(8, 0));
    add(&mut tree, dev, "pipe", Kind::Fifo);
    add(&mut tree, dev, "log", Kind::Socket);
    add(&mut tree, bin, "empty", Kind::File(bytes::Bytes::new()));
    add(&mut tree, bin, "small", Kind::File(vec![1; 100].into()));
    add(&mut tree, bin, "block", Kind::File(vec![2; 4096].into()));
    let linked = add(&mut tree, bin, "tail", Kind::File(vec![3; 4200].into()));
    tree.link(bin, b"tail-again", linked).expect("the name is free");
    let noise: Vec<u8> = (0u32..5000).flat_map(|n| blake(n).to_le_bytes()).collect();
    let mixed = [vec![5; 20_000], noise].concat();
    add(&mut tree, bin, "compressible", Kind::File(mixed.into()));
    let ping =
        tree.add(bin, b"ping", Node { meta: meta(0o755), kind: Kind::Fifo }).expect("the name is free");
    let ping = &mut tree.node_mut(ping).meta;
    ping.mtime = 5;
    ping.uid = 70_000;
    ping.xattrs.insert(b"security.capability".to_vec(), vec![1; 20]);
    tree
}

/// Bits without order.
fn blake(n: u32) -> u32 {
    n.wrapping_mul(0x9E37_79B9).rotate_left(n % 31).wrapping_mul(0x85EB_CA6B)
}

#[test]
fn an_image_without_compression_shows_its_layout() {
    let image = write(&sample(), &options(Packing::NONE), &NoCache).unwrap();
    insta::assert_snapshot!(debug::dump(&image.bytes, &Limits::default()).unwrap());
}

#[test]
fn a_compressed_image_shows_its_pieces() {
    let packing = Packing { compression: Compression::Lz4, piece: PieceSize::new(16384).unwrap() };
    let image = write(&sample(), &options(packing), &NoCache).unwrap();
    insta::assert_snapshot!(debug::dump(&image.bytes, &Limits::default()).unwrap());
}

#[test]
fn what_has_no_place_in_an_image_is_named() {
    let told = |mode, kind| {
        let mut tree = Tree::new(meta(0o755));
        tree.add(Tree::ROOT, b"x", Node { meta: meta(mode), kind }).unwrap();
        write(&tree, &options(Packing::NONE), &NoCache).map_err(|e: WriteError| e.to_string()).unwrap_err()
    };
    let lines = [
        told(0o10000, Kind::Fifo),
        told(0, Kind::CharDevice(4096, 0)),
        told(0, Kind::Symlink(Vec::new())),
        told(0, Kind::Symlink(vec![b'a'; 5000])),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}
