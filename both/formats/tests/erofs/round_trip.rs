//! What is written is read back, and is the same in every run.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use corten_formats::erofs::{
    Compression, Limits, NoCache, Packing, PieceCache, PieceKey, PieceSize, read, write,
};
use corten_formats::tree::{Kind, Meta, Node, Tree};
use proptest::prelude::*;

use crate::trees::{EPOCH, contents, options, packings, told, trees};

const ZSTD: Packing = Packing { compression: Compression::Zstd { level: 3 }, piece: PieceSize::KIB_64 };
const LZ4: Packing = Packing { compression: Compression::Lz4, piece: PieceSize::KIB_64 };

/// A cache in memory that counts its hits, and may give back damaged entries.
#[derive(Default)]
struct Memory {
    entries: Mutex<HashMap<PieceKey, Bytes>>,
    damage: bool,
}

impl PieceCache for Memory {
    fn get(&self, key: &PieceKey) -> Option<Bytes> {
        let entry = self.entries.lock().unwrap().get(key).cloned()?;
        let mut bytes = entry.to_vec();
        if self.damage {
            bytes[5000] ^= 1;
        }
        Some(bytes.into())
    }

    fn put(&self, key: &PieceKey, entry: &Bytes) {
        self.entries.lock().unwrap().insert(*key, entry.clone());
    }
}

fn meta() -> Meta {
    Meta { mode: 0o755, mtime: EPOCH, ..Meta::default() }
}

fn tree_of(files: &[(&str, Bytes)]) -> Tree {
    let mut tree = Tree::new(meta());
    for (name, content) in files {
        let node = Node { meta: meta(), kind: Kind::File(content.clone()) };
        tree.add(Tree::ROOT, name.as_bytes(), node).unwrap();
    }
    tree
}

/// Text without long repetitions, so that it compresses to about a half.
fn text(len: usize) -> Bytes {
    let words = (0u64..).flat_map(|n| {
        format!("block {:x} of an image\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).into_bytes()
    });
    words.take(len).collect::<Vec<u8>>().into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_tree_is_read_back(tree in trees(), packing in packings()) {
        let image = write(&tree, &options(packing), &NoCache).unwrap();
        prop_assert_eq!(image.bytes.len() % 4096, 0);
        let back = read(&image.bytes, &Limits::default()).unwrap();
        prop_assert_eq!(told(&back), told(&tree));
    }

    #[test]
    fn any_content_is_read_back_in_pieces(content in contents(), packing in packings()) {
        let tree = tree_of(&[("file", content)]);
        let image = write(&tree, &options(packing), &NoCache).unwrap();
        prop_assert_eq!(told(&read(&image.bytes, &Limits::default()).unwrap()), told(&tree));
    }
}

#[test]
fn the_number_of_threads_does_not_change_the_image() {
    let files: Vec<_> = (1..40).map(|n| (format!("f{n}"), text(n * 7919))).collect();
    let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), content.clone())).collect();
    let tree = tree_of(&files);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(&tree, &options(ZSTD), &NoCache).unwrap().bytes)
    };
    let one = with(1);
    assert!(one == with(2) && one == with(7));
}

#[test]
fn a_cache_saves_compression_and_changes_nothing() {
    let tree = tree_of(&[("a", text(300_000)), ("b", text(200_000)), ("small", text(20_000))]);
    let cache = Memory::default();
    let first = write(&tree, &options(ZSTD), &cache).unwrap();
    assert_eq!(first.statistics.cached, 0);
    let second = write(&tree, &options(ZSTD), &cache).unwrap();
    assert_eq!(second.statistics.cached, 2);
    assert!(first.bytes == second.bytes);
    let other = write(&tree, &options(LZ4), &cache).unwrap();
    assert_eq!(other.statistics.cached, 0);
}

#[test]
fn a_damaged_cache_changes_nothing() {
    let tree = tree_of(&[("a", text(300_000))]);
    let good = Memory::default();
    let image = write(&tree, &options(ZSTD), &good).unwrap();
    let bad = Memory { damage: true, entries: good.entries };
    let again = write(&tree, &options(ZSTD), &bad).unwrap();
    assert_eq!(again.statistics.cached, 0);
    assert!(image.bytes == again.bytes);
}

#[test]
fn the_same_content_is_stored_once() {
    let content = text(500_000);
    for packing in [Packing::NONE, LZ4, ZSTD] {
        let once = write(&tree_of(&[("a", content.clone())]), &options(packing), &NoCache).unwrap();
        let twice = tree_of(&[("a", content.clone()), ("b", content.clone())]);
        let image = write(&twice, &options(packing), &NoCache).unwrap();
        assert_eq!(image.statistics.shared_bytes, 500_000);
        assert!(image.bytes.len() <= once.bytes.len() + 4096);
        assert_eq!(told(&read(&image.bytes, &Limits::default()).unwrap()), told(&twice));
    }
}

#[test]
fn exceptions_are_packed_in_their_own_way() {
    let mut tree = tree_of(&[("cold", text(300_000))]);
    let hot = Node { meta: meta(), kind: Kind::File(text(280_000)) };
    let hot = tree.add(Tree::ROOT, b"hot", hot).unwrap();
    let mut options = options(ZSTD);
    options.exceptions.insert(hot, LZ4);
    let image = write(&tree, &options, &NoCache).unwrap();
    let dump = corten_formats::erofs::debug::dump(&image.bytes, &Limits::default()).unwrap();
    let line = |name: &str| dump.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("/cold").contains(":zstd") && !line("/cold").contains(":lz4"), "{dump}");
    assert!(line("/hot").contains(":lz4") && !line("/hot").contains(":zstd"), "{dump}");
    assert_eq!(told(&read(&image.bytes, &Limits::default()).unwrap()), told(&tree));
}

#[test]
fn compression_makes_images_smaller() {
    let tree = tree_of(&[("a", text(1 << 20))]);
    let size = |packing| write(&tree, &options(packing), &NoCache).unwrap().bytes.len();
    assert!(size(ZSTD) < size(LZ4) && size(LZ4) < size(Packing::NONE));
    assert!(size(ZSTD) < (1 << 20) * 6 / 10);
}

#[test]
fn a_directory_of_many_blocks_is_read_back() {
    let mut tree = Tree::new(meta());
    for n in 0..3000 {
        let node = Node { meta: meta(), kind: Kind::Fifo };
        tree.add(Tree::ROOT, format!("{:0width$}", n, width = 4 + n % 250).as_bytes(), node).unwrap();
    }
    let image = write(&tree, &options(Packing::NONE), &NoCache).unwrap();
    assert_eq!(told(&read(&image.bytes, &Limits::default()).unwrap()), told(&tree));
}
