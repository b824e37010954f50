//! Hashing every file of the store again.

use std::path::PathBuf;

use rayon::prelude::*;

use super::{Store, StoreError};
use crate::hash::ContentHash;

/// What to do with a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// Tell of it.
    Report,
    /// Tell of it and remove it, so that the next build fetches it again.
    Remove,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Files that were hashed.
    pub files: usize,
    /// Their size together.
    pub bytes: u64,
    /// Files whose content does not fit their name, sorted.
    pub damaged: Vec<PathBuf>,
}

impl Store {
    /// Hashes all files, in parallel.
    pub fn verify(&self, damaged: Damaged) -> Result<Verification, StoreError> {
        let blobs = self.blobs()?;
        let check = |path: &PathBuf| {
            let bytes = std::fs::read(path).map_err(StoreError::io(path))?;
            let is_good = name_of(path).as_ref() == Some(&ContentHash::of(&bytes).to_string());
            if !is_good && damaged == Damaged::Remove {
                std::fs::remove_file(path).map_err(StoreError::io(path))?;
            }
            Ok((bytes.len() as u64, (!is_good).then(|| path.clone())))
        };
        let results: Vec<_> = blobs.par_iter().map(check).collect::<Result<_, StoreError>>()?;
        Ok(Verification {
            files: results.len(),
            bytes: results.iter().map(|(bytes, _)| bytes).sum(),
            damaged: results.into_iter().filter_map(|(_, path)| path).collect(),
        })
    }

    /// Paths of all files, sorted.
    pub(super) fn blobs(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut paths = Vec::new();
        for folder in list(&self.path().join("blobs"))? {
            paths.extend(list(&folder)?);
        }
        Ok(paths)
    }
}

/// The hash that the path of a file stands for.
pub(super) fn name_of(path: &std::path::Path) -> Option<String> {
    let rest = path.file_name()?.to_str()?;
    let start = path.parent()?.file_name()?.to_str()?;
    Some(format!("{start}{rest}"))
}

/// Entries of a folder, sorted by name.
pub(super) fn list(folder: &std::path::Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(folder).map_err(StoreError::io(folder))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>();
    if let Ok(paths) = &mut paths {
        paths.sort();
    }
    paths.map_err(StoreError::io(folder))
}
