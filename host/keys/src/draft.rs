//! A folder in the making: under a name of its own beside its place until all of it is written, so that nobody ever
//! finds half a set of keys, and whoever was interrupted simply begins again.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::error::KeysError;
use crate::files::sync_folder;

/// A folder in the making. Dropped before it is finished, it is removed.
pub struct Draft {
    path: PathBuf,
    place: PathBuf,
    /// Held as long as somebody writes, so that nobody takes the folder for one that was left behind.
    _lock: File,
}

impl Draft {
    /// Begins a folder that shall be at this place, where nothing may be but an empty folder. Drafts for the place
    /// that were left behind are removed.
    pub fn begin(place: &Path) -> Result<Self, KeysError> {
        check_free(place)?;
        let name = place.file_name().ok_or_else(|| KeysError::NoFolder(place.into()))?;
        let above = place.parent().unwrap_or(Path::new(""));
        if !above.as_os_str().is_empty() {
            fs::create_dir_all(above).map_err(KeysError::file(above))?;
        }
        let prefix = format!(".{}.unfinished-", name.to_string_lossy());
        remove_left_behind(above, &prefix).map_err(KeysError::file(above))?;
        let path = above.join(format!("{prefix}{}", std::process::id()));
        let begin = || {
            DirBuilder::new().mode(0o700).create(&path)?;
            let lock = File::open(&path)?;
            lock.lock()?;
            Ok(lock)
        };
        let lock = begin().map_err(KeysError::file(&path))?;
        Ok(Self { path, place: place.into(), _lock: lock })
    }

    /// Where to write until then.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the folder in its place. Every folder in it has to be synced.
    pub fn finish(self) -> Result<(), KeysError> {
        sync_folder(&self.path)?;
        // Replaces nothing but an empty folder.
        fs::rename(&self.path, &self.place).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => KeysError::Exists(self.place.clone()),
            _ => KeysError::File { path: self.place.clone(), source },
        })?;
        sync_folder(self.place.parent().unwrap_or(Path::new("")))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Once finished, nothing is at the old name any more.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Fails where something is at a place that a folder shall have.
pub fn check_free(place: &Path) -> Result<(), KeysError> {
    let free = match fs::symlink_metadata(place) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => true,
        Err(why) => return Err(KeysError::file(place)(why)),
        Ok(found) if found.is_dir() => fs::read_dir(place).map_err(KeysError::file(place))?.next().is_none(),
        Ok(_) => false,
    };
    if free { Ok(()) } else { Err(KeysError::Exists(place.into())) }
}

/// Removes drafts that nobody writes any more: they hold keys without a use.
fn remove_left_behind(folder: &Path, prefix: &str) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) || !entry.file_type()?.is_dir() {
            continue;
        }
        match File::open(entry.path())?.try_lock() {
            Ok(()) => fs::remove_dir_all(entry.path())?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(why)) => return Err(why),
        }
    }
    Ok(())
}
