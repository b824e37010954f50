//! An archive as text: one line an entry, for people and snapshots.

use std::fmt::Write as _;

use super::format::{S_IFBLK, S_IFCHR, S_IFLNK, S_IFMT};
use super::reader::Archive;

/// One line an entry: mode, owner, inode number, links, then path and what the kind of file has.
pub fn dump(archive: &Archive<'_>) -> String {
    let mut out = String::new();
    for entry in &archive.entries {
        let path = String::from_utf8_lossy(entry.path);
        let _ = write!(out, "{:06o} {}:{} ino={}", entry.mode, entry.uid, entry.gid, entry.ino);
        let _ = write!(out, " nlink={} mtime={} {path}", entry.nlink, entry.mtime);
        let _ = match entry.mode & S_IFMT {
            S_IFLNK => writeln!(out, " -> {}", String::from_utf8_lossy(entry.content)),
            S_IFBLK | S_IFCHR => writeln!(out, " {}:{}", entry.device.0, entry.device.1),
            _ if entry.content.is_empty() => writeln!(out),
            _ => writeln!(out, " {} bytes", entry.content.len()),
        };
    }
    let _ = writeln!(out, "rest: {} bytes", archive.rest.len());
    out
}
