//! The rules that make an archive safe to unpack into a folder, whatever order its entries are unpacked in.
//!
//! No path twice; nothing below something that the archive makes a file or a link; hard links only to files that
//! came before. Paths that are absolute or hold `..` never get this far.

use std::collections::HashMap;

use super::{Entry, Kind, TarError};

/// Checks a whole archive.
pub fn check(entries: &[Entry]) -> Result<(), TarError> {
    let mut kinds: HashMap<&str, &Kind> = HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Kind::HardLink(target) = &entry.kind {
            let is_file = kinds.get(target.as_str()).is_some_and(|kind| matches!(kind, Kind::File(_)));
            if !is_file {
                return Err(TarError::HardLink { path: entry.path.clone(), target: target.clone() });
            }
        }
        if kinds.insert(&entry.path, &entry.kind).is_some() {
            return Err(TarError::Twice(entry.path.clone()));
        }
    }
    for entry in entries {
        let parents = entry.path.match_indices('/').map(|(at, _)| &entry.path[..at]);
        for parent in parents {
            if kinds.get(parent).is_some_and(|kind| !matches!(kind, Kind::Directory)) {
                return Err(TarError::Below { path: entry.path.clone(), parent: parent.to_owned() });
            }
        }
    }
    Ok(())
}
