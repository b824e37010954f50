//! Taking out of the store what no lock names and nobody has used for a while.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::verify::{list, name_of};
use super::{Store, StoreError};
use crate::hash::ContentHash;
use crate::lock::Lock;

/// What stays.
#[derive(Clone, Debug)]
pub struct Keep {
    files: BTreeSet<String>,
    younger_than: Duration,
    now: SystemTime,
}

/// What was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Files and folders that were removed.
    pub removed: usize,
    /// Their size together, bytes.
    pub removed_bytes: u64,
    /// Files and folders that stay.
    pub kept: usize,
}

impl Keep {
    /// Keeps what was used within this time before `now`.
    pub fn younger_than(younger_than: Duration, now: SystemTime) -> Self {
        Self { files: BTreeSet::new(), younger_than, now }
    }

    /// Keeps the packages of a lock, whatever their age.
    #[must_use]
    pub fn and_lock(mut self, lock: &Lock) -> Self {
        self.files.extend(lock.packages.iter().map(|package| package.sha256.to_string()));
        self
    }

    /// Keeps one file, whatever its age.
    #[must_use]
    pub fn and_file(mut self, hash: ContentHash) -> Self {
        self.files.insert(hash.to_string());
        self
    }

    fn is_young(&self, path: &Path) -> bool {
        let used = std::fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap_or(self.now);
        self.now.duration_since(used).unwrap_or_default() < self.younger_than
    }
}

impl Store {
    /// Removes what `keep` does not name. Fails when another process uses the store.
    pub fn collect(&mut self, keep: &Keep) -> Result<Collected, StoreError> {
        let path = self.path().join("in-use");
        let result = match self.in_use.try_lock() {
            Ok(()) => self.collect_alone(keep),
            Err(_) => Err(StoreError::InUse(self.path().to_owned())),
        };
        // Trying to get the exclusive lock gives up the shared one, even when it fails.
        self.in_use.lock_shared().map_err(StoreError::io(&path))?;
        result
    }

    fn collect_alone(&self, keep: &Keep) -> Result<Collected, StoreError> {
        let mut collected = Collected::default();
        for path in self.blobs()? {
            let named = name_of(&path).is_some_and(|name| keep.files.contains(&name));
            collected.decide(&path, named || keep.is_young(&path))?;
        }
        for path in list(&self.path().join("partial"))? {
            collected.decide(&path, keep.is_young(&path))?;
        }
        for kind in list(&self.path().join("cache"))? {
            for path in list(&kind)? {
                collected.decide(&path, keep.is_young(&path))?;
            }
        }
        for kind in list(&self.path().join("trees"))? {
            for path in list(&kind)? {
                collected.decide(
                    &path,
                    keep.is_young(&path.join(".complete")) && path.join(".complete").exists(),
                )?;
            }
        }
        Ok(collected)
    }
}

impl Collected {
    fn decide(&mut self, path: &Path, stays: bool) -> Result<(), StoreError> {
        if stays {
            self.kept += 1;
            return Ok(());
        }
        self.removed += 1;
        self.removed_bytes += size(path)?;
        let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        removed.map_err(StoreError::io(path))
    }
}

fn size(path: &Path) -> Result<u64, StoreError> {
    let metadata = std::fs::symlink_metadata(path).map_err(StoreError::io(path))?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    list(path)?.iter().map(|below| size(below)).sum()
}
