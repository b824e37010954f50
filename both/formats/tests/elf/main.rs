//! ELF files: a hand-made one, those of this machine against readelf, damaged ones.
#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

#[path = "../tool/mod.rs"]
mod tool;

use std::{
    fs,
    path::{Path, PathBuf},
};

use corten_formats::elf::{ElfFile, ElfKind, Linkage, is_elf};
use proptest::prelude::*;

const TYPE_DYN: u16 = 3;
const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const NOTE: u32 = 4;

/// An ELF file of these segments, each mapped at its offset in the file.
fn elf(segments: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0; 64 + 56 * (segments.len() + 1)];
    let mut headers = Vec::new();
    let mut header = |kind: u32, offset: usize, len: usize| {
        let mut bytes = [0; 56];
        bytes[..4].copy_from_slice(&kind.to_le_bytes());
        for at in [8, 16, 24] {
            bytes[at..at + 8].copy_from_slice(&(offset as u64).to_le_bytes());
        }
        for at in [32, 40] {
            bytes[at..at + 8].copy_from_slice(&(len as u64).to_le_bytes());
        }
        headers.push(bytes);
    };
    for (kind, content) in segments {
        file.resize(file.len().next_multiple_of(8), 0);
        header(*kind, file.len(), content.len());
        file.extend_from_slice(content);
    }
    header(LOAD, 0, file.len());
    file[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0]);
    for (at, value) in
        [(16, TYPE_DYN), (18, 62), (20, 1), (52, 64), (54, 56), (56, headers.len() as u16), (58, 64)]
    {
        file[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    file[32] = 64;
    file[64..64 + 56 * headers.len()].copy_from_slice(&headers.concat());
    file
}

/// A note of owner `FDO`.
fn note(kind: u32, content: &str) -> Vec<u8> {
    let mut bytes = [4u32, content.len() as u32, kind].map(u32::to_le_bytes).concat();
    bytes.extend_from_slice(b"FDO\0");
    bytes.extend_from_slice(content.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A file with everything that is looked at.
fn sample() -> Vec<u8> {
    let strings = b"\0libone.so.1\0libtwo.so.2\0/opt/lib:$ORIGIN/../lib\0own.so\0/old\0";
    let at = |text: &str| {
        let found = strings.windows(text.len()).position(|part| part == text.as_bytes());
        found.unwrap() as u64
    };
    // The string table is the first segment, right behind the headers of five.
    let table = 64 + 56 * 5u64;
    let entries = [
        (1, at("libone")),
        (1, at("libtwo")),
        (29, at("/opt")),
        (15, at("/old")),
        (14, at("own")),
        (5, table),
        (10, strings.len() as u64),
        (0, 0),
    ];
    let dynamic = entries
        .iter()
        .flat_map(|(tag, value): &(u64, u64)| [tag.to_le_bytes(), value.to_le_bytes()].concat());
    let notes = [
        note(3, "build id"),
        note(
            0x407c_0c0a,
            r#"[{"feature":"zstd","description":"Compression","priority":"suggested","soname":["libzstd.so.1"]},{"soname":["liba.so","libb.so"],"new":1}]"#,
        ),
        note(0x407c_0c0a, "not JSON"),
    ];
    elf(&[
        (0, strings.to_vec()),
        (DYNAMIC, dynamic.collect()),
        (INTERPRETER, b"/lib64/ld-linux-x86-64.so.2\0".to_vec()),
        (NOTE, notes.concat()),
    ])
}

#[test]
fn everything_that_a_loader_looks_for_is_read() {
    let file = ElfFile::parse(&sample()).unwrap();
    insta::assert_snapshot!(file, @r#"
    SharedObject for machine 62, Dynamic
    interpreter /lib64/ld-linux-x86-64.so.2
    soname own.so
    needs libone.so.1
    needs libtwo.so.2
    rpath /old
    runpath /opt/lib
    runpath $ORIGIN/../lib
    may open libzstd.so.1 for "zstd", Suggested
    may open liba.so or libb.so for "", Recommended
    "#);
    assert_eq!(file.search_path(), ["/opt/lib", "$ORIGIN/../lib"]);
}

#[test]
fn a_file_without_interpreter_and_libraries_is_static() {
    let file = ElfFile::parse(&elf(&[(DYNAMIC, vec![0; 16])])).unwrap();
    assert_eq!((file.kind, file.linkage()), (ElfKind::SharedObject, Linkage::Static));
}

#[test]
fn what_cannot_be_read_is_named() {
    let refused = |bytes: &[u8]| ElfFile::parse(bytes).unwrap_err().to_string();
    assert_eq!(refused(b"#!/bin/sh"), "not an ELF file");
    assert_eq!(refused(b"\x7fELF\x01"), "a 32-bit ELF file, expected a 64-bit one");
    assert_eq!(refused(b"\x7fELF\x02"), "damaged ELF file: Invalid ELF header size or alignment");
    let mut cut = sample();
    cut.truncate(450);
    assert!(refused(&cut).starts_with("damaged ELF file: "), "{}", refused(&cut));
}

proptest! {
    #[test]
    fn no_damage_makes_the_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = sample();
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        let _ = ElfFile::parse(&file);
        file.truncate(cut.index(file.len()));
        let _ = ElfFile::parse(&file);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let file = [b"\x7fELF\x02\x01".as_slice(), &bytes].concat();
        let _ = (ElfFile::parse(&bytes), ElfFile::parse(&file));
    }
}

/// Some ELF files of this machine, in a fixed order.
fn machine() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let elf = |path: &&PathBuf| path.is_file() && fs::read(path).is_ok_and(|bytes| is_elf(&bytes));
        found.extend(files.iter().filter(elf).take(25).cloned());
    }
    found.push(std::env::current_exe().unwrap());
    found
}

/// What readelf prints between brackets behind a word.
fn bracketed(text: &str, word: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.contains(word));
    lines.filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned())).collect()
}

#[test]
fn readelf_finds_the_same_in_files_of_this_machine() {
    if tool::find("readelf").is_none() {
        return;
    }
    let files = machine();
    assert!(files.len() > 10, "{files:?}");
    for path in files {
        compare(&path);
    }
}

fn compare(path: &Path) {
    let ours = ElfFile::parse(&fs::read(path).unwrap()).unwrap();
    let text = tool::run(tool::find("readelf").unwrap().args(["-W", "-d", "-l"]).arg(path));
    assert_eq!(ours.needed, bracketed(&text, "(NEEDED)"), "{}", path.display());
    assert_eq!(Vec::from_iter(ours.soname.clone()), bracketed(&text, "(SONAME)"), "{}", path.display());
    let folders = [bracketed(&text, "(RUNPATH)").join(":"), bracketed(&text, "(RPATH)").join(":")];
    assert_eq!([ours.runpath.join(":"), ours.rpath.join(":")], folders, "{}", path.display());
    let interpreter = text.split_once("[Requesting program interpreter: ");
    let interpreter = interpreter.map(|(_, rest)| rest.split_once(']').unwrap().0.to_owned());
    assert_eq!(ours.interpreter, interpreter, "{}", path.display());
}
