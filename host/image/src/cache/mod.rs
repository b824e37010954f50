//! What a build keeps for the next one: the files selected from packages, and compressed pieces of files.
//!
//! Nothing here changes a single byte of an image. Each entry is found by a key over everything that it was made
//! from, the `corten` that made it included, and an entry that can't be read is as good as none.

mod layer;
mod pieces;

use std::path::{Path, PathBuf};

pub use layer::{read_layer, write_layer};
pub use pieces::Pieces;

/// Where derived data lies on the host.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    use_of: Use,
}

/// Whether earlier builds may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Read what is there, keep what is made.
    Reuse,
    /// Make everything anew, and keep it.
    Fresh,
}

impl Cache {
    /// A cache in a folder, which is made when something is kept.
    pub fn new(folder: &Path, use_of: Use) -> Self {
        Self { folder: folder.into(), use_of }
    }

    /// Reads an entry.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        if self.use_of == Use::Fresh {
            return None;
        }
        std::fs::read(self.folder.join(name)).ok()
    }

    /// Keeps an entry. A cache that can't be written costs time, not the build.
    pub fn put(&self, name: &str, fill: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>) {
        if std::fs::create_dir_all(&self.folder).is_ok() {
            let _ = crate::output::write_unsynced(&self.folder.join(name), fill);
        }
    }
}

/// Key of a cache entry over the parts that it depends on, as text that can be a file name.
pub fn key(parts: &[&[u8]]) -> String {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().to_hex()[..32].to_owned()
}
