//! A selection as a file: a JSON header, then the contents, one after another.
//!
//! It spares a build the unpacking of packages and the search for libraries, by far the most of its time when only
//! the recipe's own files changed.

use std::collections::BTreeMap;
use std::io::Write as _;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node};
use serde::{Deserialize, Serialize};

use super::Cache;
use crate::select::{KernelFiles, Selected, Selection};

/// A stretch of the contents.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Stretch {
    at: u64,
    len: u64,
}

#[derive(Serialize, Deserialize)]
enum StoredKind {
    Directory,
    File(Stretch),
    Symlink(Vec<u8>),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
    Socket,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    path: String,
    package: String,
    mode: u16,
    uid: u32,
    gid: u32,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    kind: StoredKind,
}

#[derive(Serialize, Deserialize)]
struct Header {
    files: Vec<StoredFile>,
    release: String,
    image: Stretch,
    boot_modules: Vec<(String, Stretch)>,
    index: Stretch,
    certificates: Vec<Stretch>,
    stub: Stretch,
    loader: Stretch,
    microcode: Stretch,
    licences: BTreeMap<String, Option<String>>,
}

/// Lays contents one behind the other, each once.
#[derive(Default)]
struct Contents {
    parts: Vec<Bytes>,
    size: u64,
    known: BTreeMap<(usize, usize), Stretch>,
}

impl Contents {
    fn add(&mut self, bytes: &Bytes) -> Stretch {
        let place = (bytes.as_ptr() as usize, bytes.len());
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let stretch = Stretch { at: self.size, len: bytes.len() as u64 };
        self.size += stretch.len;
        self.parts.push(bytes.clone());
        self.known.insert(place, stretch);
        stretch
    }
}

/// Keeps a selection under a name.
pub fn write_layer(cache: &Cache, name: &str, selection: &Selection) {
    let mut contents = Contents::default();
    let mut files = Vec::with_capacity(selection.files.len());
    for selected in &selection.files {
        let kind = match &selected.node.kind {
            Kind::Directory(_) => StoredKind::Directory,
            Kind::File(bytes) => StoredKind::File(contents.add(bytes)),
            Kind::Symlink(target) => StoredKind::Symlink(target.clone()),
            Kind::CharDevice(major, minor) => StoredKind::CharDevice(*major, *minor),
            Kind::BlockDevice(major, minor) => StoredKind::BlockDevice(*major, *minor),
            Kind::Fifo => StoredKind::Fifo,
            Kind::Socket => StoredKind::Socket,
        };
        let Meta { mode, uid, gid, xattrs, .. } = &selected.node.meta;
        let xattrs = xattrs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let (path, package) = (selected.path.clone(), selected.package.clone());
        files.push(StoredFile { path, package, mode: *mode, uid: *uid, gid: *gid, xattrs, kind });
    }
    let KernelFiles { release, image, boot_modules, index } = &selection.kernel;
    let header = Header {
        files,
        release: release.clone(),
        image: contents.add(image),
        boot_modules: boot_modules.iter().map(|(path, bytes)| (path.clone(), contents.add(bytes))).collect(),
        index: contents.add(index),
        certificates: selection.certificates.iter().map(|bytes| contents.add(bytes)).collect(),
        stub: contents.add(&selection.stub),
        loader: contents.add(&selection.loader),
        microcode: contents.add(&selection.microcode),
        licences: selection.licences.clone(),
    };
    let Ok(header) = serde_json::to_vec(&header) else { return };
    cache.put(name, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(&header)?;
        contents.parts.iter().try_for_each(|part| file.write_all(part))
    });
}

/// Reads a selection that was kept under a name; `None` where there is none, or none that can be read.
pub fn read_layer(cache: &Cache, name: &str) -> Option<Selection> {
    let stored = Bytes::from(cache.get(name)?);
    let length = u64::from_le_bytes(stored.get(..8)?.try_into().ok()?) as usize;
    let contents_at = length.checked_add(8)?;
    let header: Header = serde_json::from_slice(stored.get(8..contents_at)?).ok()?;
    let bytes = |stretch: Stretch| {
        let from = contents_at.checked_add(usize::try_from(stretch.at).ok()?)?;
        let to = from.checked_add(usize::try_from(stretch.len).ok()?)?;
        (to <= stored.len()).then(|| stored.slice(from..to))
    };
    let file = |stored: StoredFile| {
        let kind = match stored.kind {
            StoredKind::Directory => Kind::Directory(BTreeMap::new()),
            StoredKind::File(stretch) => Kind::File(bytes(stretch)?),
            StoredKind::Symlink(target) => Kind::Symlink(target),
            StoredKind::CharDevice(major, minor) => Kind::CharDevice(major, minor),
            StoredKind::BlockDevice(major, minor) => Kind::BlockDevice(major, minor),
            StoredKind::Fifo => Kind::Fifo,
            StoredKind::Socket => Kind::Socket,
        };
        let xattrs = stored.xattrs.into_iter().collect();
        let meta = Meta { mode: stored.mode, uid: stored.uid, gid: stored.gid, mtime: 0, xattrs };
        Some(Selected { path: stored.path, node: Node { meta, kind }, package: stored.package })
    };
    Some(Selection {
        files: header.files.into_iter().map(file).collect::<Option<_>>()?,
        kernel: KernelFiles {
            release: header.release,
            image: bytes(header.image)?,
            boot_modules: header
                .boot_modules
                .into_iter()
                .map(|(path, stretch)| Some((path, bytes(stretch)?)))
                .collect::<Option<_>>()?,
            index: bytes(header.index)?,
        },
        certificates: header.certificates.into_iter().map(bytes).collect::<Option<_>>()?,
        stub: bytes(header.stub)?,
        loader: bytes(header.loader)?,
        microcode: bytes(header.microcode)?,
        licences: header.licences,
    })
}
