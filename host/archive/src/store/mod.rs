//! The store: files by their SHA-256, shared by every build of a user.
//!
//! ```text
//! ~/.cache/corten/
//!   in-use                    every process that uses the store holds a shared lock on it
//!   blobs/ab/cdef…            a file whose SHA-256 starts with ab, complete and never changed
//!   partial/abcdef….part      a download under way, locked by the process that writes it
//!   cache/KIND/KEY            what other parts of the builder made and can make again
//!   trees/KIND/KEY/           unpacked packages
//! ```
//!
//! Everything appears under its name by a rename after a sync, so a reader sees all of it or nothing. Reading
//! verifies the hash. Nothing in the store is precious: all of it can be made or fetched again.

pub mod blob;
pub mod cache;
pub mod gc;
pub mod partial;
pub mod place;
pub mod tree;
pub mod verify;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A store on disk, in use by this process as long as the value lives.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    in_use: File,
}

/// Why the store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder of the store can't be read or written.
    #[error("in the store, {path}: {source}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no place for it.
    #[error("there is no place for the store: expected XDG_CACHE_HOME or HOME in the environment")]
    NoPlace,
    /// A file of the store is damaged.
    #[error("in the store, {path} has another SHA-256 than its name says; it was thrown away")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Something would be deleted while another process uses it.
    #[error("the store {0} is in use by another corten process: wait until it ends")]
    InUse(PathBuf),
    /// A name of a cache entry that is none.
    #[error("{0:?} is not a name in the cache: expected 1 to 128 letters, digits and . _ -")]
    Key(String),
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

impl Store {
    /// Opens a store, which is made where there is none.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        for folder in ["blobs", "partial", "cache", "trees"] {
            let path = root.join(folder);
            std::fs::create_dir_all(&path).map_err(StoreError::io(&path))?;
        }
        let path = root.join("in-use");
        let in_use = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let in_use = in_use.map_err(StoreError::io(&path))?;
        in_use.lock_shared().map_err(StoreError::io(&path))?;
        Ok(Self { root: root.to_owned(), in_use })
    }

    /// Folder of the store.
    pub fn path(&self) -> &Path {
        &self.root
    }
}

/// A name that is safe as a file name.
pub(crate) fn check_key(key: &str) -> Result<&str, StoreError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let valid = (1..=128).contains(&key.len()) && key.bytes().all(plain) && !key.starts_with('.');
    if valid { Ok(key) } else { Err(StoreError::Key(key.chars().take(80).collect())) }
}

/// Makes a rename last: the folder that holds the name reaches the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(StoreError::io(path))
}
