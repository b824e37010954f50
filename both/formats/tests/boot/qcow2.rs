//! qcow2: qemu-img, and a reader that follows the tables as the specification says.

use std::fmt::Write as _;

use bytes::Bytes;
use corten_formats::extent::Extents;
use corten_formats::qcow2::{CLUSTER, Qcow2, SizeError};
use proptest::prelude::*;

use crate::tool;

const GIB: u64 = 1 << 30;

fn write(image: &Extents) -> Vec<u8> {
    let qcow2 = Qcow2::new(image).expect("a size that it can have");
    let mut out = Vec::new();
    qcow2.write(&mut out).expect("memory takes everything");
    assert_eq!(out.len() as u64, qcow2.file_size());
    out
}

fn image(size: u64, parts: &[(u64, &[u8])]) -> Extents {
    let mut image = Extents::new(size);
    for (offset, bytes) in parts {
        image.insert(*offset, Bytes::copy_from_slice(bytes)).expect("it fits");
    }
    image
}

/// Parts that share clusters, cross them, lie in different L2 tables, hold zeros, and end with the disk.
fn sample() -> Extents {
    let zeros = vec![0; 3 * CLUSTER as usize];
    let long: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let parts: [(u64, &[u8]); 6] = [
        (0, b"start"),
        (100, b"same cluster"),
        (CLUSTER - 2, b"across"),
        (GIB, &long),
        (GIB + 8 * CLUSTER, &zeros),
        (3 * GIB - 3, b"end"),
    ];
    image(3 * GIB, &parts)
}

fn number(file: &[u8], at: u64, len: usize) -> u64 {
    file[at as usize..at as usize + len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Entries of a table that are not zero, with their numbers.
fn table(file: &[u8], at: u64, len: u64) -> Vec<(u64, u64)> {
    let entries = (0..len).map(|n| (n, number(file, at + n * 8, 8))).filter(|(_, entry)| *entry != 0);
    let copied = 1 << 63;
    entries
        .inspect(|(_, entry)| assert!(entry & copied != 0))
        .map(|(n, entry)| (n, entry & !copied))
        .collect()
}

/// Guest clusters and where the file has them.
fn mapping(file: &[u8]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for (n, l2) in table(file, number(file, 40, 8), number(file, 36, 4)) {
        found.extend(table(file, l2, CLUSTER / 8).into_iter().map(|(m, at)| (n * (CLUSTER / 8) + m, at)));
    }
    found
}

#[test]
fn only_clusters_that_hold_something_are_in_the_file() {
    let file = write(&sample());
    let mut text = format!("{} bytes of file for {} of disk\n", file.len(), number(&file, 24, 8));
    let _ = writeln!(
        text,
        "refcount table at {:#x}, L1 table at {:#x}",
        number(&file, 48, 8),
        number(&file, 40, 8)
    );
    for (cluster, at) in mapping(&file) {
        let _ = writeln!(text, "disk {:#x} file {at:#x}", cluster * CLUSTER);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn sizes_that_are_no_whole_sectors_are_refused() {
    assert_eq!(Qcow2::new(&Extents::new(513)).err(), Some(SizeError(513)));
    assert!(Qcow2::new(&Extents::new(u64::MAX - 511)).is_err());
}

#[test]
fn qemu_img_finds_no_error_and_the_same_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = Extents::new(0);
    let hole = Extents::new(512);
    let odd = image(5 * 512, &[(4 * 512 + 511, b"x")]);
    for image in [sample(), empty, hole, odd] {
        let raw = std::fs::File::create(folder.path().join("raw")).expect("the folder is writable");
        raw.set_len(image.size()).expect("a sparse file");
        for (offset, bytes) in image.parts() {
            std::os::unix::fs::FileExt::write_all_at(&raw, bytes, offset).expect("it is written");
        }
        let file = tool::file(&folder, "qcow2", &write(&image));
        let Some(mut check) = tool::find("qemu-img") else { return };
        let text = tool::run(check.args(["check", "-f", "qcow2"]).arg(&file));
        assert!(text.contains("No errors were found"), "{text}");
        let mut compare = tool::find("qemu-img").expect("it was there");
        compare.args(["compare", "-f", "qcow2", "-F", "raw"]).arg(&file).arg(folder.path().join("raw"));
        assert!(tool::run(&mut compare).contains("Images are identical"));
    }
}

proptest! {
    // Each case hashes or copies up to some megabytes.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn following_the_tables_gives_the_content(
        parts in prop::collection::vec((0..4000_u64, 1_usize..150_000, 0_u8..3), 0..8), size in 1..4000_u64,
    ) {
        let mut image = Extents::new(size * 512);
        for (sector, len, byte) in parts {
            let _ = image.insert(sector * 512, Bytes::from(vec![byte; len]));
        }
        let file = write(&image);
        let mut plain = vec![0; image.size() as usize];
        image.read(0, &mut plain);
        plain.resize(plain.len().next_multiple_of(CLUSTER as usize), 0);
        let mut read = vec![0; plain.len()];
        for (cluster, at) in mapping(&file) {
            let (to, from) = ((cluster * CLUSTER) as usize, at as usize);
            let bytes = &file[from..from + CLUSTER as usize];
            prop_assert!(bytes.iter().any(|byte| *byte != 0));
            read[to..to + CLUSTER as usize].copy_from_slice(bytes);
        }
        prop_assert!(read == plain);
    }
}
