//! newc archives: our reader, GNU cpio, and random bytes.

use bytes::Bytes;
use corten_formats::cpio::{self, WriteError};
use corten_formats::tree::{Kind, Meta, Node, NodeId, Tree};
use proptest::prelude::*;

use crate::tool;

fn meta(mode: u16) -> Meta {
    Meta { mode, uid: 7, gid: 8, mtime: 1_700_000_000, ..Meta::default() }
}

fn add(tree: &mut Tree, parent: NodeId, name: &str, mode: u16, kind: Kind) -> NodeId {
    tree.add(parent, name.as_bytes(), Node { meta: meta(mode), kind }).expect("the name is free")
}

fn sample() -> Tree {
    let mut tree = Tree::new(Meta { mode: 0o755, ..Meta::default() });
    let dir = add(&mut tree, Tree::ROOT, "usr", 0o755, Kind::Directory([].into()));
    let init = add(&mut tree, Tree::ROOT, "init", 0o4755, Kind::File(Bytes::from_static(b"\x7fELF")));
    tree.link(dir, b"init", init).expect("the name is free");
    let link = add(&mut tree, dir, "sbin", 0o777, Kind::Symlink(b"bin".to_vec()));
    tree.link(Tree::ROOT, b"sbin", link).expect("the name is free");
    add(&mut tree, dir, "empty", 0o600, Kind::File(Bytes::new()));
    add(&mut tree, dir, "console", 0o600, Kind::CharDevice(5, 1));
    add(&mut tree, dir, "vda", 0o660, Kind::BlockDevice(254, 300));
    add(&mut tree, dir, "pipe", 0o644, Kind::Fifo);
    add(&mut tree, dir, "socket", 0o644, Kind::Socket);
    tree
}

#[test]
fn an_archive_holds_every_kind_of_file_in_one_order() {
    let bytes = cpio::write(&sample()).expect("it fits");
    assert_eq!(bytes.len() % 4, 0);
    let archive = cpio::read(&bytes).expect("it reads");
    insta::assert_snapshot!(cpio::dump(&archive));
}

#[test]
fn archives_in_a_row_are_read_one_after_the_other() {
    let mut early = Tree::new(meta(0o755));
    let mut at = Tree::ROOT;
    for part in ["kernel", "x86", "microcode"] {
        at = add(&mut early, at, part, 0o755, Kind::Directory([].into()));
    }
    add(&mut early, at, "GenuineIntel.bin", 0o644, Kind::File(Bytes::from_static(b"microcode")));
    let mut bytes = cpio::write(&early).expect("it fits");
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend(cpio::write(&sample()).expect("it fits"));
    bytes.extend_from_slice(b"\x28\xb5\x2f\xfdcompressed");

    let first = cpio::read(&bytes).expect("it reads");
    let last = first.entries.last().expect("it has entries");
    assert_eq!((last.path, last.content), (cpio::MICROCODE_INTEL.as_bytes(), &b"microcode"[..]));
    let second = cpio::read(first.rest).expect("it reads");
    assert_eq!(second.entries.len(), 11);
    assert_eq!(second.rest, b"\x28\xb5\x2f\xfdcompressed");
}

#[test]
fn what_an_initrd_cannot_hold_is_refused() {
    let mut tree = sample();
    let id = tree.lookup(b"/usr/empty").expect("it is there");
    tree.node_mut(id).meta.xattrs.insert(b"security.capability".to_vec(), vec![1]);
    let error = cpio::write(&tree).expect_err("it has attributes");
    assert_eq!(error, WriteError::Xattrs { path: "/usr/empty".into() });

    let mut deep = Tree::new(meta(0o755));
    let mut at = Tree::ROOT;
    for _ in 0..17 {
        at = add(&mut deep, at, &"d".repeat(250), 0o755, Kind::Directory([].into()));
    }
    assert!(matches!(cpio::write(&deep), Err(WriteError::Path { len: 4266, .. })));
}

#[test]
fn gnu_cpio_lists_and_extracts_what_we_write() {
    let Some(mut list) = tool::find("cpio") else { return };
    let bytes = cpio::write(&sample()).expect("it fits");
    let folder = tempfile::tempdir().expect("a folder");
    let image = tool::file(&folder, "initrd", &bytes);
    let listed = tool::run(list.args(["-itv", "--quiet", "--numeric-uid-gid", "-F"]).arg(&image));
    // The column of times depends on the time zone, so it is left out.
    let lines = listed.lines().map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let time = fields.len() - if fields.contains(&"->") { 6 } else { 4 };
        [&fields[..time], &fields[time + 3..]].concat().join(" ")
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));

    let mut extract = tool::find("cpio").expect("it was there");
    extract
        .args(["-idm", "--quiet", "--no-preserve-owner", "-F"])
        .arg(&image)
        .args(["init", "usr/init", "usr/sbin"]);
    tool::run(extract.current_dir(folder.path()));
    assert_eq!(std::fs::read(folder.path().join("init")).expect("extracted"), b"\x7fELF");
    assert_eq!(std::fs::read(folder.path().join("usr/init")).expect("extracted"), b"\x7fELF");
    assert_eq!(std::fs::read_link(folder.path().join("usr/sbin")).expect("extracted").as_os_str(), "bin");
}

/// Directories by depth and files with names that collide now and then; a name that is taken is left out.
fn tree_strategy() -> impl Strategy<Value = Vec<(usize, String, u16, Option<Vec<u8>>)>> {
    let content = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec((any::<usize>(), "[a-c]{1,3}", 0_u16..0o10000, content), 0..20)
}

fn build(plan: &[(usize, String, u16, Option<Vec<u8>>)], reversed: bool) -> Tree {
    let mut tree = Tree::new(meta(0o755));
    let mut dirs = vec![Tree::ROOT];
    let order: Vec<_> = if reversed { plan.iter().rev().collect() } else { plan.iter().collect() };
    for (parent, name, mode, content) in order {
        let kind = match content {
            Some(bytes) => Kind::File(bytes.clone().into()),
            None => Kind::Directory([].into()),
        };
        let parent = if reversed { Tree::ROOT } else { dirs[parent % dirs.len()] };
        if let Ok(id) = tree.add(parent, name.as_bytes(), Node { meta: meta(*mode), kind })
            && content.is_none()
        {
            dirs.push(id);
        }
    }
    tree
}

proptest! {
    #[test]
    fn entries_read_back_are_those_of_the_walk(plan in tree_strategy()) {
        let tree = build(&plan, false);
        let bytes = cpio::write(&tree).expect("it fits");
        let archive = cpio::read(&bytes).expect("it reads");
        let mut walked = Vec::new();
        tree.walk(|path, id| walked.push((path.to_vec(), id)));
        prop_assert_eq!(walked.len(), archive.entries.len());
        for ((path, id), entry) in walked.iter().zip(&archive.entries) {
            let node = tree.node(*id);
            prop_assert_eq!(if path == b"/" { b"." } else { &path[1..] }, entry.path);
            prop_assert_eq!(entry.mode & 0o7777, u32::from(node.meta.mode));
            prop_assert_eq!((entry.uid, entry.gid, entry.mtime), (node.meta.uid, node.meta.gid, 0));
            if let Kind::File(content) = &node.kind {
                prop_assert_eq!(&content[..], entry.content);
            }
        }
    }

    #[test]
    fn the_order_of_creation_does_not_show(names in prop::collection::btree_set("[a-e]{1,4}", 1..12)) {
        let plan: Vec<_> = names.into_iter().map(|name| (0, name, 0o644, Some(vec![1]))).collect();
        prop_assert_eq!(cpio::write(&build(&plan, false)), cpio::write(&build(&plan, true)));
    }

    #[test]
    fn random_bytes_never_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = cpio::read(&bytes);
    }

    #[test]
    fn damage_never_panics_the_reader(at in 0_usize..1500, byte in any::<u8>(), cut in 0_usize..1500) {
        let mut bytes = cpio::write(&sample()).expect("it fits");
        let len = bytes.len();
        bytes[at % len] = byte;
        if let Ok(archive) = cpio::read(&bytes[..cut % len]) {
            let _ = cpio::dump(&archive);
        }
    }
}
