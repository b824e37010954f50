//! Writing a layout as an archive.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use super::sink::list;
use super::{Sink, WriteError};
use crate::digest::Digest;
use crate::json;
use crate::layer::{Entry, Kind};
use crate::manifest::{Descriptor, Index};
use crate::source::{INDEX, MARK, mark};
use crate::tar::TarWriter;
use crate::verified::Verified;

/// Writes a layout as an archive: the mark, blobs in the order in which they come, and the index at the end.
///
/// It writes wherever it is told to; a file is written under another name first and renamed by the caller.
#[derive(Debug)]
pub struct ArchiveWriter<W> {
    tar: TarWriter<W>,
    blobs: BTreeSet<Digest>,
    folders: BTreeSet<String>,
    index: Index,
}

impl<W: Write> ArchiveWriter<W> {
    /// An archive without images.
    pub fn new(out: W) -> Result<Self, WriteError> {
        let (blobs, folders) = (BTreeSet::new(), BTreeSet::new());
        let mut archive = Self { tar: TarWriter::new(out), blobs, folders, index: Index::empty() };
        let mark = mark();
        archive.file(MARK, mark.len() as u64, &mut &mark[..])?;
        archive.folder("blobs")?;
        Ok(archive)
    }

    /// Writes the index and ends the archive.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let index = json::write(&self.index);
        self.file(INDEX, index.len() as u64, &mut &index[..])?;
        self.tar.finish().map_err(WriteError::io("an archive"))
    }

    fn folder(&mut self, path: &str) -> Result<(), WriteError> {
        if !self.folders.insert(path.to_owned()) {
            return Ok(());
        }
        let folder = Entry::new(path, Kind::Directory, 0o755).member();
        self.tar.add(&folder, &mut std::io::empty()).map_err(WriteError::tar)
    }

    fn file(&mut self, path: &str, size: u64, content: &mut dyn Read) -> Result<(), WriteError> {
        let file = Entry::new(path, Kind::File(size), 0o644).member();
        self.tar.add(&file, content).map_err(WriteError::tar)
    }
}

impl<W: Write> Sink for ArchiveWriter<W> {
    fn has(&self, digest: &Digest) -> bool {
        self.blobs.contains(digest)
    }

    fn blob(&mut self, descriptor: &Descriptor, content: &mut dyn Read) -> Result<(), WriteError> {
        let Descriptor { digest, size, .. } = descriptor;
        if !self.blobs.insert(*digest) {
            return Ok(());
        }
        self.folder(&format!("blobs/{}", digest.algorithm().name()))?;
        self.file(&digest.blob_path(), *size, &mut Verified::new(content, *digest, *size))
    }

    fn image(&mut self, name: Option<&str>, descriptor: &Descriptor) -> Result<(), WriteError> {
        list(&mut self.index, name, descriptor)
    }
}
