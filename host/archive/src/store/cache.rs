//! Results that other parts of the builder keep under a key, compressed pieces for example.
//!
//! The key has to name everything that the result depends on. An entry ends in the SHA-256 of what comes before
//! it, so a damaged one counts as missing.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::blob::touch;
use super::{Store, StoreError, check_key};
use crate::hash::ContentHash;

const HASH: usize = 32;

/// Entries of one kind.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Store {
    /// The entries of a kind, which is a name like `pieces`.
    pub fn cache(&self, kind: &str) -> Result<Cache, StoreError> {
        let folder = self.path().join("cache").join(check_key(kind)?);
        std::fs::create_dir_all(&folder).map_err(StoreError::io(&folder))?;
        Ok(Cache { folder })
    }
}

impl Cache {
    /// Reads an entry; `None` where there is none or it is damaged.
    pub fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let path = self.folder.join(check_key(key)?);
        let Ok(bytes) = std::fs::read(&path) else { return Ok(None) };
        let bytes = Bytes::from(bytes);
        let Some(length) = bytes.len().checked_sub(HASH) else { return Ok(None) };
        if ContentHash::of(&bytes[..length]).0[..] != bytes[length..] {
            return Ok(None);
        }
        touch(&path);
        Ok(Some(bytes.slice(..length)))
    }

    /// Writes an entry. When two processes write the same one, either result stands.
    pub fn put(&self, key: &str, content: &[u8]) -> Result<(), StoreError> {
        let path = self.folder.join(check_key(key)?);
        let temporary = self.folder.join(temporary_name());
        let write = || {
            let mut file = File::create_new(&temporary)?;
            file.write_all(content)?;
            file.write_all(&ContentHash::of(content).0)?;
            // No sync: an entry that a power cut tears does not fit its hash and counts as missing.
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|error| {
            let _ = std::fs::remove_file(&temporary);
            StoreError::io(&path)(error)
        })
    }
}

/// A name that no other writer has: names with a leading dot are never keys.
pub(super) fn temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
