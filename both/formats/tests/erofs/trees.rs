//! Random trees, and a form of trees that does not depend on the numbers of their nodes.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::erofs::{Compression, Options, Packing, PieceSize};
use corten_formats::tree::{Kind, Meta, Node, NodeId, Tree};
use proptest::prelude::*;

/// Time of the images; trees use it for most of their nodes.
pub const EPOCH: u64 = 1_700_000_000;

/// Options with that packing for all files.
pub fn options(packing: Packing) -> Options {
    Options { packing, ..Options::new(*b"0123456789abcdef", EPOCH) }
}

/// Each way to pack, with small pieces so that small files have several.
pub fn packings() -> impl Strategy<Value = Packing> {
    let compression = prop_oneof![
        Just(Compression::None),
        Just(Compression::Lz4),
        (1u8..8).prop_map(|level| Compression::Zstd { level })
    ];
    let piece = (13u32..18).prop_map(|log| PieceSize::new(1 << log).expect("8 to 128 KiB are sizes"));
    (compression, piece).prop_map(|(compression, piece)| Packing { compression, piece })
}

/// A node to be added to a tree: the directory is chosen among those that are there by then.
#[derive(Clone, Debug)]
pub struct Plan {
    directory: prop::sample::Index,
    name: Vec<u8>,
    meta: Meta,
    kind: Kind,
    /// Not a node of its own but one more name for an earlier one.
    link: Option<prop::sample::Index>,
}

/// Trees with up to 40 nodes of all kinds.
pub fn trees() -> impl Strategy<Value = Tree> {
    (metas(), prop::collection::vec(plans(), 0..40)).prop_map(|(root, plans)| grow(root, plans))
}

fn grow(root: Meta, plans: Vec<Plan>) -> Tree {
    let mut tree = Tree::new(root);
    let mut directories = vec![Tree::ROOT];
    let mut others: Vec<NodeId> = Vec::new();
    for plan in plans {
        let parent = *plan.directory.get(&directories);
        // Two plans may choose the same name; the second one is left out.
        if let (Some(link), false) = (plan.link, others.is_empty()) {
            let _ = tree.link(parent, &plan.name, *link.get(&others));
            continue;
        }
        let directory = matches!(plan.kind, Kind::Directory(_));
        if let Ok(id) = tree.add(parent, &plan.name, Node { meta: plan.meta, kind: plan.kind }) {
            if directory { directories.push(id) } else { others.push(id) }
        }
    }
    tree
}

fn plans() -> impl Strategy<Value = Plan> {
    let link = prop::option::weighted(0.15, any::<prop::sample::Index>());
    (any::<prop::sample::Index>(), names(), metas(), kinds(), link)
        .prop_map(|(directory, name, meta, kind, link)| Plan { directory, name, meta, kind, link })
}

fn names() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => "[!-.0-~]{1,12}".prop_map(String::into_bytes),
        1 => "[a-z]{200,255}".prop_map(String::into_bytes),
        1 => prop::collection::vec(0x80u8..=0xff, 1..20),
    ]
    .prop_filter("these are not names", |name| name != b"." && name != b"..")
}

fn metas() -> impl Strategy<Value = Meta> {
    let ids = prop_oneof![4 => Just(0u32), 1 => any::<u32>()];
    let mtime = prop_oneof![4 => Just(EPOCH), 1 => 0..=u64::from(u32::MAX)];
    let value = prop::collection::vec(any::<u8>(), 0..60);
    let name = prop_oneof![
        "(user|trusted|security)\\.[a-z]{1,20}",
        Just("system.posix_acl_access".to_owned()),
        Just("system.posix_acl_default".to_owned()),
    ];
    let xattrs = prop_oneof![
        4 => Just(BTreeMap::new()),
        1 => prop::collection::btree_map(name.prop_map(String::into_bytes), value, 0..4),
    ];
    (0u16..0o10000, ids.clone(), ids, mtime, xattrs).prop_map(|(mode, uid, gid, mtime, xattrs)| Meta {
        mode,
        uid,
        gid,
        mtime,
        xattrs,
    })
}

fn kinds() -> impl Strategy<Value = Kind> {
    let device = (0u32..1 << 12, 0u32..1 << 20);
    prop_oneof![
        4 => Just(Kind::Directory(BTreeMap::new())),
        8 => contents().prop_map(Kind::File),
        2 => prop::collection::vec(1u8..=255, 1..4096).prop_map(Kind::Symlink),
        1 => device.clone().prop_map(|(major, minor)| Kind::CharDevice(major, minor)),
        1 => device.prop_map(|(major, minor)| Kind::BlockDevice(major, minor)),
        1 => Just(Kind::Fifo),
        1 => Just(Kind::Socket),
    ]
}

/// Runs of text and of noise, so that some pieces compress and others do not; lengths around block borders too.
pub fn contents() -> impl Strategy<Value = Bytes> {
    let run = (any::<bool>(), prop_oneof![0usize..300, 3900usize..4300, 0usize..70_000], any::<u64>());
    prop::collection::vec(run, 0..4).prop_map(|runs| {
        let mut out = Vec::new();
        for (text, len, seed) in runs {
            let start = out.len();
            out.resize(start + len, 0);
            fill(&mut out[start..], text, seed);
        }
        Bytes::from(out)
    })
}

fn fill(out: &mut [u8], text: bool, seed: u64) {
    // An xorshift generator: the same seed gives the same bytes.
    let mut state = seed | 1;
    for (at, byte) in out.iter_mut().enumerate() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = if text && at % 7 != 0 { b"corten "[at % 7] } else { state as u8 };
    }
}

/// What a tree says, path by path, with the first path of a node in place of its number.
pub fn told(tree: &Tree) -> Vec<(Vec<u8>, Vec<u8>, Node)> {
    let mut first: BTreeMap<NodeId, Vec<u8>> = BTreeMap::new();
    let mut told = Vec::new();
    tree.walk(|path, id| {
        let mut node = tree.node(id).clone();
        if let Kind::Directory(entries) = &mut node.kind {
            entries.clear();
        }
        let same = first.entry(id).or_insert_with(|| path.to_vec()).clone();
        told.push((path.to_vec(), same, node));
    });
    told
}
