//! Folders of the store: packages laid out as files, for tools that run on the host.

use std::path::{Path, PathBuf};

use super::blob::touch;
use super::cache::temporary_name;
use super::{Store, StoreError, check_key, sync_folder};

/// A folder counts as complete when this file is in it. It is written last.
const MARK: &str = ".complete";

impl Store {
    /// The folder of this kind and key; `None` where it is not complete.
    pub fn tree(&self, kind: &str, key: &str) -> Result<Option<PathBuf>, StoreError> {
        let path = self.path().join("trees").join(check_key(kind)?).join(check_key(key)?);
        let mark = path.join(MARK);
        if !mark.is_file() {
            return Ok(None);
        }
        touch(&mark);
        Ok(Some(path))
    }

    /// Makes a folder: `fill` gets an empty one, which is given its name once it is filled. When two processes
    /// make the same one, the first that is done wins.
    pub fn make_tree<E: From<StoreError>>(
        &self,
        kind: &str,
        key: &str,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let parent = self.path().join("trees").join(check_key(kind)?);
        let place = parent.join(check_key(key)?);
        let temporary = parent.join(temporary_name());
        std::fs::create_dir_all(&temporary).map_err(StoreError::io(&temporary))?;
        let result = fill(&temporary).and_then(|()| {
            let mark = temporary.join(MARK);
            std::fs::write(&mark, b"").map_err(StoreError::io(&mark))?;
            match std::fs::rename(&temporary, &place) {
                Ok(()) => Ok(sync_folder(&parent)?),
                Err(_) if place.join(MARK).is_file() => Ok(()),
                Err(error) => Err(StoreError::io(&place)(error).into()),
            }
        });
        if temporary.exists() {
            let _ = std::fs::remove_dir_all(&temporary);
        }
        result.map(|()| place)
    }
}
