//! Reads of the kernel's small files, with an end to each.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::FactError;
use crate::root::Root;

/// Bytes of a file that are read. The longest, the lists of sockets, mounts and memory, are below on any node that
/// still works.
const MAX_FILE: u64 = 4 << 20;
/// Entries of a folder that are read: as many as there may be processes.
const MAX_ENTRIES: usize = 1 << 16;

/// The text of a file, cut at the limit. Bytes that are no text become U+FFFD.
pub fn text(root: &Root, absolute: &str) -> Result<String, FactError> {
    let path = root.path(absolute);
    bytes(&path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| FactError::Read { path, error })
}

/// The text of a file without white space around it; empty for one that is not there or can't be read.
pub fn value(root: &Root, absolute: &str) -> String {
    text(root, absolute).map(|text| text.trim().to_string()).unwrap_or_default()
}

/// The number in a file; 0 for none.
pub fn number(root: &Root, absolute: &str) -> u64 {
    value(root, absolute).parse().unwrap_or(0)
}

/// The bytes of a file, cut at the limit.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Names in a folder, sorted.
pub fn names(root: &Root, absolute: &str) -> Result<Vec<String>, FactError> {
    let path = root.path(absolute);
    let entries = std::fs::read_dir(&path).map_err(|error| FactError::Read { path, error })?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.take(MAX_ENTRIES).collect();
    names.sort();
    Ok(names)
}

/// The last part of where a link points to; empty for none.
pub fn link_name(root: &Root, absolute: &str) -> String {
    let target = std::fs::read_link(root.path(absolute)).unwrap_or_default();
    target.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
