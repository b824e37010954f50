//! Reading a volume: paths, directories, content. Nothing here writes.

use super::{
    boot::{Geometry, Info},
    check::{Report, Scan},
    directory::{Directory, Located, MAX_SLOTS},
    error::FatError,
    slot::{SLOT, Slot},
    table::Table,
    time::Timestamp,
};
use crate::device::BlockDevice;

/// Bytes read or written at once.
pub(super) const PIECE: u64 = 1024 * 1024;

/// Kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The long name, or the short one where there is no other.
    pub name: String,
    /// The 8.3 name, as people see it.
    pub short_name: String,
    /// File or directory.
    pub kind: EntryKind,
    /// Bytes of a file, 0 for a directory.
    pub size: u32,
    /// Time of the last change.
    pub modified: Timestamp,
}

/// An opened volume, for reading. [`super::Writer`] changes it.
#[derive(Debug)]
pub struct Volume<D> {
    pub(super) device: D,
    pub(super) geometry: Geometry,
    pub(super) table: Table,
    pub(super) info: Option<Info>,
}

impl<D: BlockDevice> Volume<D> {
    /// Opens a volume and reads its table. What a power cut left behind is not repaired here.
    pub fn open(device: D) -> Result<Self, FatError> {
        let size = device.size();
        if size < 512 {
            return Err(FatError::NotFat32(format!("the device has {size} bytes")));
        }
        let mut sector = [0; 512];
        device.read_at(0, &mut sector)?;
        let geometry = Geometry::parse(&sector, size)?;
        let mut table = Table::load(&device, &geometry)?;
        let mut info = None;
        if let Some(at) = geometry.info {
            device.read_at(u64::from(at) * u64::from(geometry.sector), &mut sector)?;
            info = Info::parse(&sector);
        }
        table.next = info.map_or(2, |info| info.next);
        Ok(Self { device, geometry, table, info })
    }

    /// The entries of a directory in stored order. The root is `""` or `"/"`.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>, FatError> {
        Ok(self.directory(path)?.listing().entries.iter().map(entry).collect())
    }

    /// The entry at a path, which can't be the root. Case does not matter, and short names are found too.
    pub fn entry(&self, path: &str) -> Result<Entry, FatError> {
        self.locate(path).map(|(_, located)| entry(&located))
    }

    /// The content of a file.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, FatError> {
        let mut content = Vec::new();
        self.read_pieces(path, &mut |piece| content.extend_from_slice(piece))?;
        Ok(content)
    }

    /// Hands out the content of a file in order, in pieces of 1 MiB at most, so that a large file can be hashed
    /// without being held.
    pub fn read_pieces(&self, path: &str, sink: &mut dyn FnMut(&[u8])) -> Result<(), FatError> {
        let (_, located) = self.locate(path)?;
        if located.short.is_directory() {
            return Err(FatError::IsADirectory(path.into()));
        }
        let mut left = u64::from(located.short.size());
        if left == 0 {
            return Ok(());
        }
        let chain = self.table.chain(located.short.first_cluster(), u64::MAX)?;
        let mut buffer = Vec::new();
        for (offset, len) in runs(&self.geometry, &chain) {
            let len = len.min(left);
            left -= len;
            buffer.resize(len as usize, 0);
            self.device.read_at(offset, &mut buffer)?;
            sink(&buffer);
        }
        match (left, chain.first(), chain.last()) {
            (1.., Some(first), Some(last)) => Err(FatError::BrokenChain { first: *first, at: *last }),
            _ => Ok(()),
        }
    }

    /// Free space, bytes.
    pub fn free_bytes(&self) -> u64 {
        u64::from(self.table.free()) * u64::from(self.geometry.cluster)
    }

    /// Looks at the whole volume: every chain, both tables, the hint of free clusters.
    pub fn check(&self) -> Result<Report, FatError> {
        Ok(Scan::run(self)?.report)
    }

    /// Gives the device back.
    pub fn into_device(self) -> D {
        self.device
    }

    /// The directory at a path.
    pub(super) fn directory(&self, path: &str) -> Result<Directory, FatError> {
        let mut directory = self.load(self.geometry.root, String::new())?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let found = directory.find(part).ok_or_else(|| FatError::NotFound(path.into()))?;
            directory = self.descend(&directory, &found)?;
        }
        Ok(directory)
    }

    /// The directory that an entry of another one stands for.
    pub(super) fn descend(&self, parent: &Directory, entry: &Located) -> Result<Directory, FatError> {
        let path = format!("{}/{}", parent.path, entry.name);
        if !entry.short.is_directory() {
            return Err(FatError::NotADirectory(path));
        }
        self.load(entry.short.first_cluster(), path)
    }

    /// The entry at a path and the directory that holds it.
    pub(super) fn locate(&self, path: &str) -> Result<(Directory, Located), FatError> {
        let (parent, name) = split(path)?;
        let directory = self.directory(parent)?;
        let located = directory.find(name).ok_or_else(|| FatError::NotFound(path.into()))?;
        Ok((directory, located))
    }

    /// Reads all clusters of a directory.
    pub(super) fn load(&self, first: u32, path: String) -> Result<Directory, FatError> {
        let limit = (MAX_SLOTS * SLOT) as u64 / u64::from(self.geometry.cluster);
        let clusters = self.table.chain(first, limit.max(1))?;
        let mut bytes = vec![0; clusters.len() * self.geometry.cluster as usize];
        let mut rest = bytes.as_mut_slice();
        for (offset, len) in runs(&self.geometry, &clusters) {
            let (part, after) = rest.split_at_mut(len as usize);
            self.device.read_at(offset, part)?;
            rest = after;
        }
        Ok(Directory { path, clusters, bytes })
    }
}

/// The bytes of a chain as `(offset, length)` on the device, neighbours together, [`PIECE`] at most.
pub(super) fn runs(geometry: &Geometry, chain: &[u32]) -> Vec<(u64, u64)> {
    let most = (PIECE / u64::from(geometry.cluster)) as usize;
    let neighbours = chain.chunk_by(|a, b| a + 1 == *b).flat_map(|run| run.chunks(most));
    neighbours.map(|run| (geometry.offset(run[0]), run.len() as u64 * u64::from(geometry.cluster))).collect()
}

/// A path as its directory and the name in it.
pub(super) fn split(path: &str) -> Result<(&str, &str), FatError> {
    match path.trim_matches('/') {
        "" => Err(FatError::Root),
        path => Ok(path.rsplit_once('/').unwrap_or(("", path))),
    }
}

fn entry(located: &Located) -> Entry {
    let short: &Slot = &located.short;
    Entry {
        name: located.name.clone(),
        short_name: short.text(),
        kind: if short.is_directory() { EntryKind::Directory } else { EntryKind::File },
        size: if short.is_directory() { 0 } else { short.size() },
        modified: short.modified(),
    }
}
