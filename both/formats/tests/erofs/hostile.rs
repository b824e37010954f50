//! Images that lie: whatever the bytes, the reader gives a tree or an error.

use std::sync::LazyLock;

use corten_formats::erofs::{
    Compression, Limits, NoCache, Packing, PieceSize, ReadError, debug, read, write,
};
use corten_formats::tree::{Kind, Meta, Node, Tree};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::trees::{EPOCH, options, trees};

const LIMITS: Limits = Limits { content_bytes: 4 << 20, entries: 1000, depth: 16 };

/// Images of a few random trees, in each compression.
static IMAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut runner = TestRunner::deterministic();
    let compressions = [Compression::None, Compression::Lz4, Compression::Zstd { level: 3 }];
    let images = compressions.into_iter().cycle().take(12).map(|compression| {
        let tree = trees().new_tree(&mut runner).expect("the strategy never gives up").current();
        let packing = Packing { compression, piece: PieceSize::new(8192).expect("it is a size") };
        write(&tree, &options(packing), &NoCache).expect("random trees have images").bytes
    });
    images.collect()
});

/// Turns the checksum off, so that changes reach the code behind it.
fn without_checksum(mut image: Vec<u8>) -> Vec<u8> {
    image[1024 + 8] &= !1;
    image
}

fn look_at(image: &[u8]) {
    let _ = read(image, &LIMITS);
    let _ = debug::dump(image, &LIMITS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(700))]

    #[test]
    fn changed_images_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        near in any::<bool>(),
    ) {
        let mut image = without_checksum(which.get(&IMAGES).clone());
        // Most of what steers the reader stands in the first blocks.
        let range = if near { image.len().min(3 * 4096) - 1024 } else { image.len() - 1024 };
        for (at, value) in changes {
            image[1024 + at.index(range)] = value;
        }
        look_at(&image);
    }

    #[test]
    fn cut_images_are_read_or_refused(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let image = without_checksum(which.get(&IMAGES).clone());
        look_at(&image[..at.index(image.len())]);
    }

    #[test]
    fn any_bytes_behind_a_superblock_are_refused_or_read(noise in prop::collection::vec(any::<u8>(), 4096..12000)) {
        let mut image = without_checksum(IMAGES[0][..4096].to_vec());
        image.truncate(1024 + 128);
        image.extend_from_slice(&noise);
        look_at(&image);
    }
}

fn small() -> Tree {
    let meta = Meta { mode: 0o755, mtime: EPOCH, ..Meta::default() };
    let mut tree = Tree::new(meta.clone());
    let directory = Node { meta: meta.clone(), kind: Kind::Directory(std::collections::BTreeMap::new()) };
    let a = tree.add(Tree::ROOT, b"a", directory.clone()).unwrap();
    tree.add(a, b"b", directory).unwrap();
    tree.add(a, b"file", Node { meta, kind: Kind::File(vec![7; 5000].into()) }).unwrap();
    tree
}

#[test]
fn limits_hold() {
    let image = write(&small(), &options(Packing::NONE), &NoCache).unwrap().bytes;
    assert!(read(&image, &LIMITS).is_ok());
    let refused = |limits| match read(&image, &limits) {
        Err(ReadError::Limit { what, .. }) => what,
        other => panic!("expected a limit, got {other:?}"),
    };
    assert_eq!(refused(Limits { content_bytes: 5000, ..LIMITS }), "bytes of content");
    assert_eq!(refused(Limits { entries: 2, ..LIMITS }), "directory entries");
    assert_eq!(refused(Limits { depth: 2, ..LIMITS }), "directories inside each other");
}

#[test]
fn damage_is_named() {
    let image = write(&small(), &options(Packing::NONE), &NoCache).unwrap().bytes;
    let told =
        |change: fn(Vec<u8>) -> Vec<u8>| read(&change(image.clone()), &LIMITS).unwrap_err().to_string();
    let lines = [
        told(|image| [&image[..1024], &[0], &image[1025..]].concat()),
        told(|image| [&image[..1100], &[9], &image[1101..]].concat()),
        told(|image| image[..1100].to_vec()),
        told(|image| [&without_checksum(image.clone())[..1104], &[0x80], &image[1105..]].concat()),
        told(|image| without_checksum(image)[..4096].to_vec()),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_directory_that_contains_itself_is_refused() {
    let image = write(&small(), &options(Packing::NONE), &NoCache).unwrap().bytes;
    let mut image = without_checksum(image);
    // The root's content is inline behind its inode: the third entry is `a`, its inode number stands first.
    let root = u16::from_le_bytes([image[1024 + 14], image[1024 + 15]]);
    let entry = usize::from(root) * 32 + 32 + 2 * 12;
    image[entry..entry + 8].copy_from_slice(&u64::from(root).to_le_bytes());
    assert_eq!(read(&image, &LIMITS), Err(ReadError::DirectoryTwice { nid: root.into() }));
}
