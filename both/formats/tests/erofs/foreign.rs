//! erofs-utils read what we write, and we read what they write.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use corten_formats::erofs::{Compression, Limits, NoCache, Packing, PieceSize, ReadError, read, write};
use corten_formats::tree::{Kind, Meta, Node, Tree};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::tool;
use crate::trees::{EPOCH, options, trees};

/// Packings that the installed erofs-utils may know; 1.5 knows no Zstandard.
fn packings(version: &str) -> Vec<Packing> {
    let piece = |log: u32| PieceSize::new(1 << log).unwrap();
    let mut packings = vec![
        Packing::NONE,
        Packing { compression: Compression::Lz4, piece: piece(13) },
        Packing { compression: Compression::Lz4, piece: piece(17) },
    ];
    if version.contains("zstd") {
        packings.push(Packing { compression: Compression::Zstd { level: 3 }, piece: piece(14) });
        packings.push(Packing { compression: Compression::Zstd { level: 6 }, piece: piece(16) });
    }
    packings
}

#[test]
fn fsck_accepts_and_extracts_random_trees() {
    let Some(mut fsck) = tool::find("fsck.erofs") else { return };
    let version = tool::run(fsck.arg("--version"));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut compared = 0;
    for packing in packings(&version) {
        for case in 0..8 {
            let tree = extractable(&trees().new_tree(&mut runner).unwrap().current());
            let image = write(&tree, &options(packing), &NoCache).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = tool::file(&folder, "image", &image.bytes);
            let out = folder.path().join("out");
            let mut fsck = tool::find("fsck.erofs").unwrap();
            tool::run(fsck.arg(&path));
            let mut fsck = tool::find("fsck.erofs").unwrap();
            let flags = ["--no-preserve-owner", "--no-preserve-perms", "--overwrite"];
            tool::run(fsck.arg(format!("--extract={}", out.display())).args(flags).arg(&path));
            tree.walk(|path, id| {
                let name = Path::new(std::str::from_utf8(&path[1..]).unwrap());
                compare(&out.join(name), tree.node(id), &format!("{packing:?}, case {case}"));
                compared += 1;
            });
        }
    }
    assert!(compared > 200, "only {compared} entries were compared");
}

/// The tree without what only root may make, or what the host's file system may refuse.
fn extractable(tree: &Tree) -> Tree {
    let mut kept = Tree::new(Meta { mode: 0o755, mtime: EPOCH, ..Meta::default() });
    let mut places = std::collections::HashMap::from([(Tree::ROOT, Tree::ROOT)]);
    let mut paths = vec![(b"/".to_vec(), Tree::ROOT)];
    tree.walk(|path, id| paths.push((path.to_vec(), id)));
    for (path, id) in paths.into_iter().skip(2) {
        let split = path.iter().rposition(|byte| *byte == b'/').unwrap();
        let Some(parent) = kept.lookup(&path[..split]) else { continue };
        let name = &path[split + 1..];
        let mut node = tree.node(id).clone();
        node.meta.xattrs.clear();
        if std::str::from_utf8(&path).is_err() || path.len() > 2000 {
            continue;
        }
        match &mut node.kind {
            Kind::Directory(entries) => entries.clear(),
            Kind::CharDevice(..) | Kind::BlockDevice(..) | Kind::Socket => continue,
            _ => {}
        }
        if let Some(known) = places.get(&id) {
            let _ = kept.link(parent, name, *known);
        } else if let Ok(added) = kept.add(parent, name, node) {
            places.insert(id, added);
        }
    }
    kept
}

fn compare(path: &Path, node: &Node, case: &str) {
    let found = std::fs::symlink_metadata(path).unwrap_or_else(|e| panic!("{case}: {}: {e}", path.display()));
    let kind = found.file_type();
    match &node.kind {
        Kind::Directory(_) => assert!(kind.is_dir(), "{case}: {}", path.display()),
        Kind::File(content) => {
            assert!(std::fs::read(path).unwrap() == content[..], "{case}: {}", path.display());
        }
        Kind::Symlink(target) => {
            let read = std::fs::read_link(path).unwrap();
            assert_eq!(read.as_os_str().as_bytes(), target, "{case}: {}", path.display());
        }
        Kind::Fifo => assert!(kind.is_fifo(), "{case}: {}", path.display()),
        other => panic!("{other:?} is not extracted"),
    }
}

/// Ways to make images, and whether the reader takes them.
const FOREIGN: [(&[&str], Option<&str>); 13] = [
    (&[], None),
    (&["--chunksize=8192"], None),
    (&["-zlz4"], None),
    (&["-zlz4", "-C65536"], None),
    (&["-zlz4", "-C65536", "-Elegacy-compress"], None),
    (&["-zlz4", "-Eztailpacking"], None),
    (&["-zlz4", "-C16384", "-Efragments"], None),
    (&["-zlz4", "-Eall-fragments"], None),
    (&["-zlz4", "-C16384", "-Ededupe"], None),
    (&["-zzstd", "-C65536"], None),
    (&["-zzstd", "-C32768", "-Eztailpacking,fragments"], None),
    (&["-zlzma", "-C65536"], Some("MicroLZMA compression")),
    (&["-zdeflate", "-C65536"], Some("DEFLATE compression")),
];

#[test]
fn images_of_mkfs_are_read() {
    let Some(mut mkfs) = tool::find("mkfs.erofs") else { return };
    let version = tool::run(mkfs.arg("--version"));
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    lay_out(&source);
    for (number, (flags, refused)) in FOREIGN.into_iter().enumerate() {
        let method = flags.first().and_then(|flag| flag.strip_prefix("-z"));
        if method.is_some_and(|method| !version.contains(method)) {
            eprintln!("skipped: mkfs.erofs has no {flags:?}");
            continue;
        }
        let path = folder.path().join(format!("image{number}"));
        let mut mkfs = tool::find("mkfs.erofs").unwrap();
        tool::run(mkfs.args(flags).arg("-T1000").arg(&path).arg(&source));
        let image = std::fs::read(&path).unwrap();
        match (read(&image, &Limits::default()), refused) {
            (Ok(tree), None) => check(&tree, &source, flags),
            (Err(ReadError::Unsupported(what)), Some(refused)) => assert_eq!(what, refused),
            (other, _) => panic!("{flags:?}: {:?}", other.map(|tree| tree.len())),
        }
    }
}

/// Files of many sizes, of which some share content, some compress and some do not.
fn lay_out(folder: &Path) {
    std::fs::create_dir_all(folder.join("many")).unwrap();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for number in 0..60 {
        let content = crate::trees::contents().new_tree(&mut runner).unwrap().current();
        std::fs::write(folder.join(format!("file{number}")), &content).unwrap();
        std::fs::write(folder.join(format!("copy{number}")), [&content[..], b"and more"].concat()).unwrap();
    }
    for number in 0..500 {
        std::fs::write(folder.join(format!("many/with-a-long-name-{number}")), format!("{number}")).unwrap();
    }
    std::os::unix::fs::symlink("../many", folder.join("link")).unwrap();
    std::fs::hard_link(folder.join("file1"), folder.join("many/hard")).unwrap();
    std::fs::write(folder.join("hole"), vec![0; 300_000]).unwrap();
}

fn check(tree: &Tree, source: &Path, flags: &[&str]) {
    let mut files = 0;
    tree.walk(|path, id| {
        let on_disk = source.join(std::ffi::OsStr::from_bytes(&path[1..]));
        let node = tree.node(id);
        compare(&on_disk, node, &format!("{flags:?}"));
        let meta = std::fs::symlink_metadata(&on_disk).unwrap();
        assert_eq!(u32::from(node.meta.mode), meta.mode() & 0o7777, "{flags:?} {}", on_disk.display());
        assert_eq!((node.meta.uid, node.meta.gid, node.meta.mtime), (meta.uid(), meta.gid(), 1000));
        files += 1;
    });
    assert_eq!(files, 2 * 60 + 500 + 5, "{flags:?}");
    assert_eq!(tree.lookup(b"file1"), tree.lookup(b"many/hard"));
}
