//! Archives that GNU tar writes, in all its formats, are read as they were meant.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use bytes::Bytes;
use corten_formats::deb::tar::{Kind, Limits, read};

use crate::tool;

/// A folder with long names, long links, links of both kinds, modes.
fn fill(folder: &Path) {
    let long = "long-".repeat(30);
    let deep = folder.join("deep").join(&long).join(&long);
    std::fs::create_dir_all(&deep).expect("folders");
    std::fs::write(deep.join("file"), b"in the deep").expect("a file");
    std::fs::write(folder.join("empty"), b"").expect("a file");
    std::fs::write(folder.join("big"), vec![7; 100_000]).expect("a file");
    std::fs::set_permissions(folder.join("big"), PermissionsExt::from_mode(0o4755)).expect("a mode");
    std::fs::hard_link(folder.join("big"), folder.join("same")).expect("a hard link");
    symlink("/absolute", folder.join("link")).expect("a link");
    symlink(format!("{long}/{long}/{long}"), folder.join("long-link")).expect("a link");
    std::fs::write(folder.join("ünïcode"), b"x").expect("a file");
}

fn listing(format: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path());
    let mut tar = tool::find("tar")?;
    tar.args(["--sort=name", "--owner=1:1", "--group=2:2", "--mtime=@1000", "--format", format, "-C"]);
    let output = tar.arg(folder.path()).args(["-cf", "-", "."]).output().expect("tar runs");
    assert!(output.status.success(), "{output:?}");
    let archive = Bytes::from(output.stdout);
    let entries = read(&archive, Limits::default()).expect("an archive");
    let lines = entries.iter().map(|entry| {
        let kind = match &entry.kind {
            Kind::File(content) => format!("file of {}", content.len()),
            Kind::Directory => "directory".to_owned(),
            Kind::Symlink(target) => format!("link to {target}"),
            Kind::HardLink(target) => format!("same as {target}"),
            other => format!("{other:?}"),
        };
        let line = format!(
            "{} {:o} {}:{} @{} {kind}",
            entry.path,
            entry.mode & 0o7700,
            entry.uid,
            entry.gid,
            entry.mtime
        );
        line.replace(&"long-".repeat(30), "LONG")
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn all_formats_of_gnu_tar_say_the_same() {
    let Some(gnu) = listing("gnu") else { return };
    insta::assert_snapshot!(gnu);
    assert_eq!(listing("pax"), Some(gnu));
}

#[test]
fn extended_attributes_are_read() {
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let length = rest.len() + if rest.len() + 2 > 99 { 3 } else { 2 };
        format!("{length}{rest}")
    };
    let records = record("SCHILY.xattr.user.name", "value=with=signs") + &record("mtime", "12.5");
    let archive: Bytes =
        [block("x", b'x', records.as_bytes()), block("./file", b'0', b"content")].concat().into();
    let entries = read(&archive, Limits::default()).expect("an archive");
    let [file] = &entries[..] else { panic!("one entry: {entries:?}") };
    assert_eq!((file.path.as_str(), file.mtime), ("file", 12));
    assert_eq!(file.xattrs.get(&b"user.name"[..]).map(Vec::as_slice), Some(&b"value=with=signs"[..]));
    assert_eq!(file.kind, Kind::File(Bytes::from_static(b"content")));
}

#[test]
fn more_entries_than_allowed_are_refused() {
    let archive: Bytes = [block("a", b'0', b""), block("b", b'0', b"")].concat().into();
    assert_eq!(read(&archive, Limits { entries: 2 }).map(|entries| entries.len()), Ok(2));
    let error = read(&archive, Limits { entries: 1 }).expect_err("too many");
    assert_eq!(error.to_string(), "the archive has more than 1 entries");
}

/// A header and its content, padded.
pub fn block(path: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..263].copy_from_slice(b"ustar\0");
    header[263..265].copy_from_slice(b"00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header.extend_from_slice(content);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}
