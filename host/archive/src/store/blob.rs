//! Complete files by their SHA-256.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{Store, StoreError};
use crate::hash::ContentHash;

/// The time of a file says when it was last used. It is set anew once it is older than this, so that a build
/// does not write to each file that it reads.
const TOUCH_AFTER: Duration = Duration::from_hours(24);

impl Store {
    /// Where a file with this hash lies, or would lie.
    pub fn blob_path(&self, hash: ContentHash) -> PathBuf {
        let hex = hash.to_string();
        self.path().join("blobs").join(&hex[..2]).join(&hex[2..])
    }

    /// Whether the store has a file with this hash. Its content is not looked at.
    pub fn contains(&self, hash: ContentHash) -> bool {
        self.blob_path(hash).is_file()
    }

    /// Reads a file and verifies it; `None` where the store has none. A damaged file is removed.
    pub fn read(&self, hash: ContentHash) -> Result<Option<Bytes>, StoreError> {
        let path = self.blob_path(hash);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&path)(error)),
        };
        if ContentHash::of(&bytes) != hash {
            // Already removed by another process is as good.
            let _ = std::fs::remove_file(&path);
            return Err(StoreError::Damaged { path });
        }
        touch(&path);
        Ok(Some(bytes.into()))
    }
}

/// Marks a file as used now. A store that can't be written to is still good for reading.
pub(super) fn touch(path: &Path) {
    let now = SystemTime::now();
    let is_old = |file: &File| {
        let used = file.metadata().and_then(|metadata| metadata.modified()).ok()?;
        Some(now.duration_since(used).unwrap_or_default() > TOUCH_AFTER)
    };
    if let Ok(file) = File::options().write(true).open(path)
        && is_old(&file) == Some(true)
    {
        let _ = file.set_modified(now);
    }
}
