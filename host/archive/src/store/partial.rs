//! Downloads under way: a file that one process writes and any later one can go on with.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Store, StoreError, sync_folder};
use crate::hash::ContentHash;

/// Size of the pieces in which a part that is there already is read again.
const BUFFER: usize = 1 << 20;

/// A file that is being downloaded. No other process has it at the same time.
pub struct Partial<'a> {
    store: &'a Store,
    hash: ContentHash,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
}

/// What waiting for a download leads to.
pub enum Claim<'a> {
    /// The file has to be downloaded, from what is there already on.
    Download(Partial<'a>),
    /// The file is complete, perhaps by another process.
    Complete,
}

impl Store {
    /// Takes the right to download a file. Where another process downloads it just now, waits for that.
    pub fn claim(&self, hash: ContentHash) -> Result<Claim<'_>, StoreError> {
        let path = self.path().join("partial").join(format!("{hash}.part"));
        loop {
            if self.contains(hash) {
                return Ok(Claim::Complete);
            }
            let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
            let mut file = file.map_err(StoreError::io(&path))?;
            file.lock().map_err(StoreError::io(&path))?;
            // While this process waited, the other one may have moved the file to its place or removed it.
            if !is_still(&path, &file) || self.contains(hash) {
                continue;
            }
            let (hasher, length) = hash_file(&mut file).map_err(StoreError::io(&path))?;
            return Ok(Claim::Download(Partial { store: self, hash, path, file, hasher, length }));
        }
    }
}

impl Partial<'_> {
    /// Bytes that are there.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether nothing is there yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Throws away what is there.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(StoreError::io(&self.path))?;
        self.hasher = Sha256::new();
        self.length = 0;
        Ok(())
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(StoreError::io(&self.path))?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Hash of the bytes that are there.
    pub fn hash(&self) -> ContentHash {
        ContentHash(self.hasher.clone().finalize().into())
    }

    /// Gives the file its place in the store. The caller has compared the hash; it is compared again here, since
    /// nothing may ever lie under a wrong one.
    pub fn complete(self) -> Result<(), StoreError> {
        if self.hash() != self.hash {
            return Err(StoreError::Damaged { path: self.path });
        }
        let place = self.store.blob_path(self.hash);
        let folder = place.parent().unwrap_or(self.store.path());
        std::fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
        self.file.sync_all().map_err(StoreError::io(&self.path))?;
        std::fs::rename(&self.path, &place).map_err(StoreError::io(&place))?;
        sync_folder(folder)
    }
}

fn is_still(path: &Path, file: &File) -> bool {
    match (std::fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => (named.dev(), named.ino()) == (open.dev(), open.ino()),
        _ => false,
    }
}

fn hash_file(file: &mut File) -> io::Result<(Sha256, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((hasher, length));
        }
        hasher.update(&buffer[..count]);
        length += count as u64;
    }
}
