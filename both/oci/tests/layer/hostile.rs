//! Layers that mean harm, or that different programs would unpack differently.

use std::fmt::Write as _;

use corten_oci::layer::{Kind, Limits, Place, dump};
use proptest::prelude::*;

use crate::raw::{Raw, archive, link, member, records};
use crate::{read, read_with};

/// What is said about each of these.
fn told(cases: &[(&str, Vec<u8>)]) -> String {
    let mut text = String::new();
    for (name, bytes) in cases {
        match read(bytes) {
            Ok((entries, _)) => panic!("{name} is read: {entries:?}"),
            Err(error) => drop(writeln!(text, "{name}: {error}")),
        }
    }
    text
}

#[test]
fn paths_that_lead_out_of_the_layer_are_refused() {
    let file = |name: &str| archive(&[member(name, b'0', b"x")]);
    let long = records(&[("path", b"a/../../etc/passwd")]);
    insta::assert_snapshot!(told(&[
        ("parent", file("../etc/passwd")),
        ("parent within", file("usr/../../etc/passwd")),
        ("extended parent", archive(&[member("x", b'x', &long), member("harmless", b'0', b"x")])),
        ("nothing", file("./")),
        ("no name", archive(&[link("", b'2', "x")])),
        ("hard link out of it", archive(&[link("x", b'1', "../../etc/shadow")])),
        ("hard link to the root", archive(&[link("x", b'1', "/")])),
        ("whiteout of the parent", file("usr/.wh...")),
        ("whiteout of itself", file("usr/.wh..")),
        ("whiteout of nothing", file("usr/.wh.")),
        ("long part", archive(&[member("x", b'L', &[b'a'; 300]), member("x", b'0', b"")])),
        ("long path", archive(&[member("x", b'L', &b"a/".repeat(2100)), member("x", b'0', b"")])),
        ("NUL in it", archive(&[member("x", b'x', &records(&[("path", b"a\0b")])), member("x", b'0', b"")])),
        ("empty link", archive(&[link("x", b'2', "")])),
        ("long link", archive(&[member("x", b'K', &[b'a'; 5000]), link("x", b'2', "y")])),
    ]));
}

#[test]
fn entries_that_contradict_each_other_are_refused() {
    let file = |name: &str| member(name, b'0', b"");
    let folder = |name: &str| member(name, b'5', b"");
    let cases: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("file twice", vec![file("a"), file("./a")]),
        ("file and folder", vec![file("a"), folder("a")]),
        ("folder and file", vec![folder("a"), file("a")]),
        ("below a link", vec![link("a", b'2', "/etc"), file("a/passwd")]),
        ("below a link, later", vec![file("a/passwd"), link("a", b'2', "/etc")]),
        ("below a file", vec![file("a"), file("a/b/c")]),
        ("below a hard link", vec![file("b"), link("a", b'1', "b"), file("a/c")]),
        ("hard link to a folder", vec![folder("a"), link("b", b'1', "a")]),
        ("hard link to itself", vec![link("a", b'1', "a")]),
        ("hard link before its target", vec![link("b", b'1', "a"), file("a")]),
        ("hard link through a link", vec![link("a", b'2', "/etc"), link("b", b'1', "a/shadow")]),
        ("hard link to what is gone", vec![file(".wh.a"), link("b", b'1', "a")]),
        ("whiteout and file", vec![file(".wh.a"), file("a")]),
        ("file and whiteout", vec![file("a/b"), file("a/.wh.b")]),
        ("below a whiteout", vec![file(".wh.a"), file("a/b")]),
        ("in a whiteout", vec![file(".wh.a/b")]),
        ("opaque file", vec![file("a"), file("a/.wh..wh..opq")]),
    ];
    let cases: Vec<_> = cases.into_iter().map(|(name, members)| (name, archive(&members))).collect();
    insta::assert_snapshot!(told(&cases));
}

#[test]
fn damaged_archives_are_refused() {
    let good = archive(&[member("a", b'0', b"content")]);
    let mut sum = good.clone();
    sum[0] = b'b';
    let size =
        |size: &str| archive(&[Raw { name: b"a", kind: b'0', link: b"", size, content: b"x" }.bytes()]);
    let extended = |kind: u8, content: &[u8]| archive(&[member("x", kind, content), member("a", b'0', b"")]);
    insta::assert_snapshot!(told(&[
        ("checksum", sum),
        ("cut in a header", good[..300].to_vec()),
        ("cut in content", good[..515].to_vec()),
        ("cut in padding", good[..1000].to_vec()),
        ("huge", size("77777777777")),
        ("negative", size("\u{1}")),
        ("no number", size("12x")),
        ("sparse", archive(&[member("a", b'S', b"")])),
        ("sparse by record", extended(b'x', &records(&[("GNU.sparse.major", b"1")]))),
        ("broken record", extended(b'x', b"8 path=a\n")),
        ("record without end", extended(b'x', b"999 path=a\n")),
        ("large number", extended(b'x', &records(&[("uid", b"4294967296")]))),
        ("size that is none", extended(b'x', &records(&[("size", b"-1")]))),
        ("attribute without a name", extended(b'x', &records(&[("SCHILY.xattr.", b"1")]))),
        ("large attribute", extended(b'x', &records(&[("SCHILY.xattr.user.a", &vec![0; 70_000])]))),
        ("large header", extended(b'x', &vec![b' '; (1 << 20) + 1])),
        ("header of nothing", archive(&[member("x", b'x', &records(&[("path", b"a")]))])),
        ("folder with content", archive(&[member("a", b'5', b"content")])),
        ("something behind the end", [vec![0; 512], member("a", b'0', b"")].concat()),
        ("gzip of nothing", vec![0x1f, 0x8b, 8, 0, 1, 2, 3]),
        ("zstd of nothing", vec![0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff]),
    ]));
}

#[test]
fn limits_end_what_would_never_end() {
    let many: Vec<_> = (0..20).map(|number| member(&format!("{number}"), b'0', b"")).collect();
    let error = read_with(&archive(&many), Limits { entries: 10, ..Limits::default() }).expect_err("many");
    assert_eq!(error.to_string(), "the layer has more than 10 entries, or their paths are too long");

    // Each entry names two thousand directories that no other one has.
    let deep = |number: u8| [[b'a' + number, b'/'].repeat(2000), b"x".to_vec()].concat();
    let deep: Vec<_> =
        (0..20).flat_map(|number| [member("x", b'L', &deep(number)), member("x", b'0', b"")]).collect();
    let error = read_with(&archive(&deep), Limits { entries: 1000, ..Limits::default() }).expect_err("deep");
    assert_eq!(error.to_string(), "the layer has more than 1000 entries, or their paths are too long");

    // 64 MiB of zeros in some kilobytes.
    let zeros = archive(&[member("zeros", b'0', &vec![0; 64 << 20])]);
    let bomb = zstd::encode_all(&zeros[..], 3).expect("memory");
    assert!(bomb.len() < 1 << 16, "{}", bomb.len());
    let error = read_with(&bomb, Limits { bytes: 1 << 20, ..Limits::default() }).expect_err("large");
    assert_eq!(error.to_string(), "the layer has more than 1048576 bytes when it is unpacked");
    assert!(read(&bomb).is_ok());

    // Behind its end an archive may have padding, and no more than its limit.
    let padded = [archive(&[]), vec![0; 4096]].concat();
    assert!(read_with(&padded, Limits { bytes: 8192, ..Limits::default() }).is_ok());
    assert!(read_with(&padded, Limits { bytes: 2048, ..Limits::default() }).is_err());
}

#[test]
fn what_only_other_mounts_understand_is_passed_over() {
    let overlay = records(&[
        ("SCHILY.xattr.trusted.overlay.redirect", b"/etc"),
        ("SCHILY.xattr.user.overlay.opaque", b"y"),
        ("SCHILY.xattr.security.capability", b"\x01\x00"),
        ("SCHILY.xattr.user.mine", b"1"),
        ("comment", b"nobody reads it"),
    ]);
    let bytes = archive(&[
        member("pax_global_header", b'g', &records(&[("path", b"applied/to/nobody")])),
        member(".wh..wh.plnk/1.2", b'0', b""),
        member(".wh..wh.aufs", b'0', b""),
        member("x", b'x', &overlay),
        member("file", b'0', b"content"),
        member("/usr/bin/", b'5', b""),
        member("./usr/bin", b'5', b""),
        member("usr/.wh.lib", b'0', b""),
        member("usr/share/.wh..wh..opq", b'0', b""),
        link("absolute", b'2', "/proc/self/../../etc"),
        link("same", b'1', "./file"),
        link("other", b'1', "/lower/file"),
        member("dev/null", b'3', b""),
    ]);
    let (entries, _) = read(&bytes).expect("a layer");
    let place = |at: usize| match &entries[at].0.kind {
        Kind::HardLink(_, place) => *place,
        other => panic!("{other:?}"),
    };
    assert_eq!((place(6), place(7)), (Place::Layer, Place::Lower));
    let entries: Vec<_> = entries.into_iter().map(|(entry, _)| entry).collect();
    insta::assert_snapshot!(dump(&entries));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_changed_archive_is_answered_and_stays_below_its_root(
        changes in proptest::collection::vec((0_usize..4096, any::<u8>()), 1..6),
    ) {
        let overlay = records(&[("SCHILY.xattr.user.a", b"1"), ("path", b"deep/er")]);
        let mut bytes = archive(&[
            member("a", b'5', b""),
            member("x", b'x', &overlay),
            member("a/b", b'0', b"content"),
            link("c", b'1', "a/b"),
            link("d", b'2', "/etc"),
            member(".wh.e", b'0', b""),
        ]);
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
            // A right checksum, or nothing behind it would be reached.
            let header = at / 512 * 512;
            bytes[header + 148..header + 156].fill(b' ');
            let sum: u32 = bytes[header..header + 512].iter().map(|byte| u32::from(*byte)).sum();
            bytes[header + 148..header + 155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        }
        if let Ok((entries, _)) = read(&bytes) {
            for (entry, _) in entries {
                prop_assert!(!entry.path.starts_with(b"/"));
                prop_assert!(entry.path.split(|byte| *byte == b'/').all(|part| part != b".."));
            }
        }
    }
}
