//! Opening whatever a path leads to.

use std::fs::File;
use std::io;
use std::path::Path;

use super::archive::{Archive, unpacked};
use super::{Content, Directory, DockerArchive, Layout, Listed, Source, SourceError};
use crate::digest::Digest;
use crate::tar::ReadAt;

/// In which form images are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A directory with a layout.
    Layout,
    /// A layout in an archive.
    OciArchive,
    /// What `docker save` writes.
    DockerArchive,
}

/// A source of any form.
pub struct Opened {
    shape: Shape,
    source: Box<dyn Source + Send + Sync>,
}

impl Opened {
    /// In which form it is.
    pub fn shape(&self) -> Shape {
        self.shape
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl Source for Opened {
    fn images(&self) -> &[Listed] {
        self.source.images()
    }

    fn open<'a>(&'a self, digest: &Digest) -> Result<Content<'a>, SourceError> {
        self.source.open(digest)
    }
}

/// Opens a directory or an archive. An archive that is compressed goes without its compression into the file that
/// `spool` makes, where it may have `limit` bytes.
pub fn open(
    path: &Path,
    spool: impl FnOnce() -> io::Result<File>,
    limit: u64,
) -> Result<Opened, SourceError> {
    open_as(path, None, spool, limit)
}

/// The same of something that somebody says is of a form. Where it is of another one, that is what is opened.
pub fn open_as(
    path: &Path,
    said: Option<Shape>,
    spool: impl FnOnce() -> io::Result<File>,
    limit: u64,
) -> Result<Opened, SourceError> {
    let what = path.display().to_string();
    if path.is_dir() {
        return match Layout::open(Directory::new(path))? {
            Ok(layout) => Ok(Opened { shape: Shape::Layout, source: Box::new(layout) }),
            Err(_) => Err(SourceError::NoImages),
        };
    }
    let file = File::open(path).map_err(SourceError::reading(&what))?;
    let file = unpacked(file, spool, limit).map_err(SourceError::reading(&what))?;
    match said {
        Some(Shape::DockerArchive) => match DockerArchive::open(Archive::open(file)?)? {
            Ok(archive) => Ok(docker(archive)),
            Err(files) => oci_or_docker(files),
        },
        _ => open_archive(file),
    }
}

/// Opens an archive that is not compressed. One that is both of OCI and of Docker, as new versions of Docker write
/// them, is taken for one of OCI.
pub fn open_archive(archive: impl ReadAt + Send + Sync + 'static) -> Result<Opened, SourceError> {
    oci_or_docker(Archive::open(archive)?)
}

fn oci_or_docker(files: Archive<impl ReadAt + Send + Sync + 'static>) -> Result<Opened, SourceError> {
    let files = match Layout::open(files)? {
        Ok(layout) => return Ok(Opened { shape: Shape::OciArchive, source: Box::new(layout) }),
        Err(files) => files,
    };
    DockerArchive::open(files)?.map(docker).map_err(|_| SourceError::NoImages)
}

fn docker(archive: DockerArchive<Archive<impl ReadAt + Send + Sync + 'static>>) -> Opened {
    Opened { shape: Shape::DockerArchive, source: Box::new(archive) }
}
