//! A layer of files of this machine.
//!
//! Of a file its content counts and whether it can be executed; owner, time and further permissions are what the caller
//! says, so that the same files give the same bytes wherever they lie.

mod addition;
mod walk;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use addition::{Addition, AdditionError, Place};

use crate::compression::Compression;
use crate::layer::{Entry, Kind};
use crate::tar::shown;
use crate::write::{Layer, LayerWriter, WriteError};

/// Why files can't become a layer.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// A file can't be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that no image needs to hold.
    #[error("{}: it is no file, folder or symbolic link", .0.display())]
    Kind(PathBuf),
    /// Two files at one place.
    #[error("{}: there is something else at /{place} of the image already", .path.display())]
    Twice {
        /// The second one.
        path: PathBuf,
        /// Where it should go.
        place: String,
    },
    /// A name that no layer can hold.
    #[error("{}: no layer can hold it at /{place}", .path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// Where it should go.
        place: String,
    },
}

/// What all files of a layer get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Common {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: i64,
}

/// Files that are going to be a layer. Their content is read when it is written.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    common: Common,
    entries: BTreeMap<Vec<u8>, (Entry, PathBuf)>,
}

impl Gathered {
    /// None yet.
    pub fn new(common: Common) -> Self {
        Self { common, entries: BTreeMap::new() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of files, and bytes of their content.
    pub fn size(&self) -> (usize, u64) {
        let sizes = self.entries.values().filter_map(|(entry, _)| match entry.kind {
            Kind::File(size) => Some(size),
            _ => None,
        });
        sizes.fold((0, 0), |(files, bytes), size| (files + 1, bytes + size))
    }

    /// Adds a file, or a folder with all that is in it.
    pub fn add(&mut self, addition: &Addition) -> Result<(), GatherError> {
        walk::walk(addition, &mut |path, place, kind, mode| self.put(path, place, kind, mode))
    }

    /// Adds the folders above all files that were not added themselves. An image with layers below has those, perhaps
    /// with other permissions, and does without.
    pub fn add_parents(&mut self) {
        let places: Vec<_> = self.entries.values().map(|(entry, _)| entry.path.clone()).collect();
        for place in places {
            for (at, _) in place.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                let folder = self.entry(&place[..at], Kind::Directory, 0o755);
                self.entries.entry(folder.order()).or_insert((folder, PathBuf::new()));
            }
        }
        let root = self.entry(b"", Kind::Directory, 0o755);
        self.entries.entry(root.order()).or_insert((root, PathBuf::new()));
    }

    /// Writes the layer.
    pub fn write<W: Write>(&self, out: W, compression: Compression) -> Result<(Layer, W), WriteError> {
        let mut layer = LayerWriter::new(out, compression)?;
        for (entry, path) in self.entries.values() {
            match entry.kind {
                Kind::File(_) => {
                    let mut content = File::open(path).map_err(WriteError::io(path.display()))?;
                    layer.add(entry, &mut content)?;
                }
                _ => layer.add(entry, &mut io::empty())?,
            }
        }
        layer.finish()
    }

    fn put(&mut self, path: &Path, place: &[u8], kind: Kind, mode: u16) -> Result<(), GatherError> {
        let is_mark = place.split(|byte| *byte == b'/').any(|part| part.starts_with(b".wh."));
        if is_mark || crate::layer::normal(place).as_deref() != Ok(place) {
            return Err(GatherError::Place { path: path.to_owned(), place: shown(place) });
        }
        let entry = self.entry(place, kind, mode);
        let is_folder = entry.kind == Kind::Directory;
        match self.entries.get(&entry.order()) {
            Some((there, _)) if there.kind == Kind::Directory && is_folder => {}
            Some(_) => return Err(GatherError::Twice { path: path.to_owned(), place: shown(place) }),
            None => drop(self.entries.insert(entry.order(), (entry, path.to_owned()))),
        }
        Ok(())
    }

    fn entry(&self, place: &[u8], kind: Kind, mode: u16) -> Entry {
        let Common { uid, gid, mtime } = self.common;
        Entry { uid, gid, mtime, ..Entry::new(place, kind, mode) }
    }
}
