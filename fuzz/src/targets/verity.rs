//! Roots with their hash trees: the tree lies in front of the data, both as they were made or mutated.

use std::io;
use std::sync::LazyLock;

use corten_formats::verity::{self as format, BLOCK, RootHash, Superblock, Verity};

/// Data and tree of a root. Mutations are checked against the true root hash, or nothing behind the first block of the
/// tree would be reached.
struct Root {
    data: Vec<u8>,
    tree: Verity,
}

/// A tree of one level and one of two.
static ROOTS: LazyLock<Vec<Root>> = LazyLock::new(|| {
    let root = |blocks: usize, salt: &[u8]| {
        let data: Vec<u8> = (0..blocks * BLOCK).map(|at| (at / 7) as u8).collect();
        let tree = format::format(&data, salt, [7; 16]).ok()?;
        Some(Root { data, tree })
    };
    [root(8, b"salt"), root(130, b"other salt")].into_iter().flatten().collect()
});

pub fn seeds() -> Vec<Vec<u8>> {
    ROOTS.iter().map(|root| [root.tree.hash_image.as_slice(), &root.data].concat()).collect()
}

/// The root whose tree this begins with: tree, data and root hash.
fn split(input: &[u8]) -> Option<(&[u8], &[u8], RootHash)> {
    let of = |root: &&Root| format::check_top_block(input, &root.tree.root_hash).is_ok();
    let root = ROOTS.iter().find(of)?;
    let (tree, data) = input.split_at(root.tree.hash_image.len().min(input.len()));
    Some((tree, data, root.tree.root_hash))
}

pub fn verity(input: &[u8]) {
    let _ = Superblock::parse(input);
    if let Some((tree, data, root_hash)) = split(input) {
        let _ = format::verify(data, tree, &root_hash);
    }
}

/// A scrub finds something wherever a verification does, and nowhere else.
pub fn scrub(input: &[u8]) {
    let Some((tree, data, root_hash)) = split(input) else { return };
    let from = |bytes: &[u8], at: u64, buffer: &mut [u8]| {
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let part = bytes.get(start..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    };
    let mut found = 0;
    let done = format::scrub(
        &|at, buffer| from(data, at, buffer),
        &|at, buffer| from(tree, at, buffer),
        &root_hash,
        &mut |_| found += 1,
    );
    let Ok(done) = done else { return };
    assert_eq!(done.bad, found, "each bad block is told once");
    let superblock = format::check_top_block(tree, &root_hash).map(|superblock| superblock.data_size());
    let size = superblock.unwrap_or(0) as usize;
    // A device may be larger than what the tree is of.
    let verified = format::verify(data.get(..size).unwrap_or(data), tree, &root_hash).is_ok();
    assert_eq!(done.bad == 0, verified, "{done:?}");
}
