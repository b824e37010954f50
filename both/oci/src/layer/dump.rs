//! A layer as text, for people and snapshots: a line an entry.

use std::fmt::Write as _;

use super::{Entry, Kind, Place};

/// A line for each entry.
pub fn dump(entries: &[Entry]) -> String {
    entries.iter().fold(String::new(), |mut text, entry| {
        let _ = writeln!(text, "{}", line(entry));
        text
    })
}

fn line(entry: &Entry) -> String {
    let name = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let kind = match &entry.kind {
        Kind::File(size) => format!("file of {size}"),
        Kind::Directory => "directory".to_owned(),
        Kind::Symlink(target) => format!("link to {}", name(target)),
        Kind::HardLink(target, Place::Layer) => format!("same as {}", name(target)),
        Kind::HardLink(target, Place::Lower) => format!("same as {} of a lower layer", name(target)),
        Kind::CharDevice(major, minor) => format!("character device {major}:{minor}"),
        Kind::BlockDevice(major, minor) => format!("block device {major}:{minor}"),
        Kind::Fifo => "pipe".to_owned(),
        Kind::Whiteout => "gone".to_owned(),
        Kind::Opaque => "opaque".to_owned(),
    };
    let path = if entry.path.is_empty() { ".".to_owned() } else { name(&entry.path) };
    let mut text = format!("{path} {:04o} {}:{} @{} {kind}", entry.mode, entry.uid, entry.gid, entry.mtime);
    for (key, value) in &entry.xattrs {
        let _ = write!(text, " {}={}", name(key), name(value));
    }
    text
}
