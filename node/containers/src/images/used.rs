//! When images were used last, for the order in which they go when the disk is full.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of the largest file.
const MAX: u64 = 4 << 20;

/// When each image was used last, nanoseconds since 1970, by name.
#[derive(Debug)]
pub(super) struct Used {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    moments: BTreeMap<String, i64>,
    is_saved: bool,
}

impl Used {
    /// As it is remembered. What can't be read is forgotten: it says in which order images go, and no more.
    pub(super) fn open(path: &Path) -> Self {
        let mut text = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(MAX).read_to_end(&mut text));
        let moments = read.ok().and_then(|_| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { path: path.to_owned(), state: Mutex::new(State { moments, is_saved: true }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is used now.
    pub(super) fn mark(&self, name: &str, now_ns: i64) {
        let mut state = self.state();
        state.moments.insert(name.to_owned(), now_ns);
        state.is_saved = false;
    }

    /// When one was used; 0 for never.
    pub(super) fn moment(&self, name: &str) -> i64 {
        self.state().moments.get(name).copied().unwrap_or(0)
    }

    /// Writes what changed, if anything did. A power cut may take the newest moments.
    pub(super) fn save(&self) -> std::io::Result<()> {
        let text = {
            let mut state = self.state();
            if std::mem::replace(&mut state.is_saved, true) {
                return Ok(());
            }
            serde_json::to_vec(&state.moments).unwrap_or_default()
        };
        let new = self.path.with_extension("new");
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&new, text)?;
        fs::rename(&new, &self.path)
    }

    /// One is gone.
    pub(super) fn forget(&self, name: &str) {
        let mut state = self.state();
        state.is_saved &= state.moments.remove(name).is_none();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_kept_and_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/used.json");
        let used = Used::open(&path);
        used.mark("a", 5);
        used.mark("b", 6);
        used.forget("b");
        used.save().expect("it can be written");
        let again = Used::open(&path);
        assert_eq!((again.moment("a"), again.moment("b")), (5, 0));
        fs::write(&path, "no JSON").expect("a file");
        assert_eq!(Used::open(&path).moment("a"), 0);
    }
}
