//! What is written is read, in every compression, and the same input gives the same bytes.

use std::collections::BTreeMap;

use corten_oci::compression::Compression;
use corten_oci::digest::Digest;
use corten_oci::layer::{Entry, Kind, Place};
use corten_oci::write::{Layer, LayerWriter, WriteError};
use proptest::prelude::*;

use crate::{Read, read};

const ALL: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

fn write(entries: &Read, compression: Compression) -> Result<(Layer, Vec<u8>), WriteError> {
    let mut writer = LayerWriter::new(Vec::new(), compression)?;
    for (entry, content) in entries {
        writer.add(entry, &mut &content[..])?;
    }
    writer.finish()
}

/// Sorted entries that do not contradict each other: folders f0, f1 with anything in them.
fn entries() -> impl Strategy<Value = Read> {
    let name = "[a-zA-Z0-9 ._é-]{1,40}|[a-z]{120,200}";
    let content = proptest::collection::vec(any::<u8>(), 0..2000);
    let xattrs = proptest::collection::btree_map(
        "user\\.[a-z]{1,9}",
        proptest::collection::vec(any::<u8>(), 0..80),
        0..3,
    );
    let meta = (0_u16..0o10000, any::<u32>(), any::<u32>(), any::<i64>(), xattrs);
    let file = (0_u8..3, name, 0_u8..7, content, meta);
    proptest::collection::vec(file, 0..12).prop_map(|files| {
        let mut all = BTreeMap::new();
        for (folder, name, kind, content, (mode, uid, gid, mtime, xattrs)) in files {
            let name =
                if name.starts_with(".wh.") || name == "." || name == ".." { "plain".into() } else { name };
            let kind = match kind {
                0 => Kind::Directory,
                1 => Kind::Symlink(format!("../{name}").into_bytes()),
                2 => Kind::Fifo,
                3 => Kind::CharDevice(uid % 4096, gid % 0o777_7777),
                4 => Kind::Whiteout,
                5 => Kind::HardLink(format!("lower/{name}").into_bytes(), Place::Lower),
                _ => Kind::File(content.len() as u64),
            };
            let mut path = name.into_bytes();
            for _ in 0..folder {
                path = [&b"folder/"[..], &path].concat();
            }
            let content = if matches!(kind, Kind::File(_)) { content } else { Vec::new() };
            let xattrs = xattrs.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect();
            all.insert(path.clone(), (Entry { path, kind, mode, uid, gid, mtime, xattrs }, content));
        }
        // Names that a folder or the target of a link have.
        all.remove(&b"folder"[..]);
        all.remove(&b"folder/folder"[..]);
        all.remove(&b"lower"[..]);
        let mut all: Read = all.into_values().collect();
        all.sort_by_key(|(entry, _)| entry.order());
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(entries in entries()) {
        let mut ids = Vec::new();
        for compression in ALL {
            let (layer, bytes) = write(&entries, compression).expect("entries that go together");
            prop_assert_eq!(layer.descriptor.digest, Digest::of(&bytes));
            prop_assert_eq!(layer.descriptor.size, bytes.len() as u64);
            prop_assert_eq!(Compression::of(&bytes), compression);
            let (back, id) = read(&bytes).expect("a layer");
            prop_assert_eq!(id, layer.diff_id);
            prop_assert_eq!(&back, &entries);
            prop_assert_eq!(write(&entries, compression).expect("once more").1, bytes);
            ids.push(id);
        }
        prop_assert!(ids.iter().all(|id| *id == ids[0]), "compression changes nothing: {:?}", ids);
    }

    #[test]
    fn another_reader_reads_the_same(entries in entries()) {
        let (_, bytes) = write(&entries, Compression::None).expect("entries that go together");
        let mut archive = tar::Archive::new(&bytes[..]);
        let theirs: Vec<_> = archive.entries().expect("an archive").collect::<Result<_, _>>().expect("entries");
        prop_assert_eq!(theirs.len(), entries.len());
        for (their, (our, _)) in theirs.iter().zip(&entries) {
            let stored = our.stored_path();
            let path = their.path_bytes();
            prop_assert_eq!(path.strip_suffix(b"/").unwrap_or(&path), &stored[..]);
        }
    }
}

#[test]
fn bytes_of_a_layer_do_not_change_between_versions() {
    let entry = |path: &str, kind, mode| (Entry::new(path, kind, mode), Vec::new());
    let entries = vec![
        entry("", Kind::Directory, 0o755),
        entry("tmp", Kind::Whiteout, 0o644),
        entry("bin", Kind::Directory, 0o755),
        (Entry::new("bin/x", Kind::File(7), 0o4755), b"content".to_vec()),
        entry("bin/y", Kind::HardLink(b"bin/x".to_vec(), Place::Layer), 0o4755),
        entry("var", Kind::Opaque, 0o644),
        (Entry { mtime: 1_796_000_000, ..Entry::new("x", Kind::File(0), 0o600) }, Vec::new()),
    ];
    let (layer, _) = write(&entries, Compression::None).expect("entries that go together");
    insta::assert_snapshot!(layer.diff_id.to_string());
}

#[test]
fn what_a_reader_would_refuse_is_not_written() {
    let refused = |entries: &[Entry]| {
        let mut writer = LayerWriter::new(Vec::new(), Compression::None).expect("memory");
        let added = entries.iter().try_for_each(|entry| writer.add(entry, &mut std::io::empty()));
        added.expect_err("it is refused").to_string()
    };
    let file = |path: &str| Entry::new(path, Kind::File(0), 0o644);
    let told = [
        refused(&[file("b"), file("a")]),
        refused(&[file("a"), file("a")]),
        // The folder goes before what is in it, whatever the letters of others are.
        refused(&[file("a-b"), file("a/b")]),
        refused(&[file("a"), file("a/b")]),
        refused(&[file("../a")]),
        refused(&[file("/a")]),
        refused(&[file("a//b")]),
        refused(&[file(".wh.a")]),
        refused(&[file("")]),
        refused(&[Entry::new("a", Kind::HardLink(b"b".to_vec(), Place::Layer), 0o644)]),
        refused(&[Entry::new("a", Kind::File(1), 0o644)]),
        refused(&[Entry::new("a", Kind::CharDevice(0o1000_0000, 0), 0o644)]),
    ];
    insta::assert_snapshot!(told.join("\n"));

    let mut writer = LayerWriter::new(Vec::new(), Compression::None).expect("memory");
    let error = writer.add(&file("a"), &mut &b"more than was said"[..]).expect_err("it is refused");
    assert_eq!(error.to_string(), "the content of \"a\" has not the 0 bytes that were said");
}
