//! What a layer has said so far, so that entries which contradict each other are noticed.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use super::path::above;
use super::{Kind, LayerError, Place};
use crate::tar::shown;

/// Bytes that paths may have in all, for each entry that is allowed. Ordinary layers have 60.
const PATH_SHARE: usize = 256;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Directory,
    /// Anything that a hard link can name.
    Other,
    Gone,
    /// Not in this layer so far, but named by a hard link.
    Lower,
}

/// The paths of a layer.
#[derive(Debug)]
pub struct Seen {
    paths: HashMap<Box<[u8]>, What>,
    entries: usize,
    limit: usize,
    bytes: usize,
}

impl Seen {
    /// Nothing yet, and at most so many entries.
    pub fn new(limit: usize) -> Self {
        Self { paths: HashMap::new(), entries: 0, limit, bytes: 0 }
    }

    /// Takes an entry, unless what was there contradicts it. A hard link learns where its target is.
    pub fn take(&mut self, path: &[u8], kind: &mut Kind) -> Result<(), LayerError> {
        self.entries += 1;
        if self.entries > self.limit {
            return Err(LayerError::TooMany(self.limit));
        }
        self.parents(path)?;
        if let Kind::HardLink(target, place) = kind {
            *place = self.link(path, target)?;
        }
        let what = match kind {
            Kind::Directory | Kind::Opaque => What::Directory,
            Kind::Whiteout => What::Gone,
            _ => What::Other,
        };
        match self.put(path, what)? {
            None => Ok(()),
            Some(What::Directory) if what == What::Directory => Ok(()),
            Some(_) if matches!(kind, Kind::Opaque) => {
                Err(LayerError::Below { path: shown(path) + "/.wh..wh..opq", parent: shown(path) })
            }
            Some(What::Lower) => Err(LayerError::Linked(shown(path))),
            Some(_) => Err(LayerError::Twice(shown(path))),
        }
    }

    /// What lies above a path is a directory from now on.
    fn parents(&mut self, path: &[u8]) -> Result<(), LayerError> {
        for parent in above(path) {
            match self.put(parent, What::Directory)? {
                None => {}
                // Then all above it are known.
                Some(What::Directory) => break,
                Some(_) => {
                    return Err(LayerError::Below { path: shown(path), parent: shown(parent) });
                }
            }
        }
        Ok(())
    }

    fn link(&mut self, path: &[u8], target: &[u8]) -> Result<Place, LayerError> {
        let refused = || LayerError::HardLink { path: shown(path), target: shown(target) };
        if path == target {
            return Err(refused());
        }
        // A target below something that is no directory here is not a lower layer's either.
        let is_file = |what| matches!(what, Some(What::Other | What::Gone | What::Lower));
        if above(target).any(|parent| is_file(self.paths.get(parent).copied())) {
            return Err(refused());
        }
        match self.put(target, What::Lower)? {
            None | Some(What::Lower) => Ok(Place::Lower),
            Some(What::Other) => Ok(Place::Layer),
            Some(What::Directory | What::Gone) => Err(refused()),
        }
    }

    /// Notes what is at a path where nothing is known of it; what is known stays and is given back.
    fn put(&mut self, path: &[u8], what: What) -> Result<Option<What>, LayerError> {
        match self.paths.entry(path.into()) {
            Slot::Occupied(known) => Ok(Some(*known.get())),
            Slot::Vacant(free) => {
                free.insert(what);
                self.bytes += path.len() + 1;
                if self.bytes > self.limit.saturating_mul(PATH_SHARE) {
                    return Err(LayerError::TooMany(self.limit));
                }
                Ok(None)
            }
        }
    }
}
