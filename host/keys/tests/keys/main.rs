//! Folders of keys on a real file system: who may read what, what is never overwritten, what an interruption leaves.
#![allow(missing_docs)]

mod folder;
mod issue;
mod run;
#[path = "../../../../both/formats/tests/tool/mod.rs"]
mod tool;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use corten_api::identity::Name;
use jiff::Timestamp;

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// A time that does not depend on today: in 2026.
fn then() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().expect("a time")
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// Everything below a folder, sorted.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(all(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}
