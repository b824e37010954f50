//! Writing a layout as a directory.
//!
//! A new one is made under another name and renamed when it is complete. One that exists gets blobs first and then its
//! new index, each under another name first, so it is a whole layout at any time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::sink::list;
use super::{Sink, WriteError};
use crate::digest::Digest;
use crate::json;
use crate::manifest::{Descriptor, Index};
use crate::source::{Directory, INDEX, Layout, MARK, mark};
use crate::verified::Verified;

/// Writes a layout as a directory.
#[derive(Debug)]
pub struct LayoutWriter {
    path: PathBuf,
    /// Where a new one is until it is complete.
    draft: Option<Draft>,
    index: Index,
}

/// A directory that goes away unless it is renamed.
#[derive(Debug)]
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // It may have been renamed, and a failure has nobody to be told to.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl LayoutWriter {
    /// The layout at this path: one that exists is added to, another one is made.
    pub fn open(path: &Path) -> Result<Self, WriteError> {
        let io = |source| WriteError::io(path.display())(source);
        let is_there = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().transpose().map_err(io)?.is_some(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(WriteError::NoFolder(path.display().to_string()));
            }
            Err(error) => return Err(io(error)),
        };
        if is_there {
            let layout = Layout::open(Directory::new(path))?;
            let layout = layout.map_err(|_| WriteError::Occupied(path.display().to_string()))?;
            return Ok(Self { path: path.to_owned(), draft: None, index: layout.index().clone() });
        }
        let draft = Draft(beside(path).map_err(io)?);
        fs::create_dir_all(&draft.0).map_err(WriteError::io(draft.0.display()))?;
        Ok(Self { path: path.to_owned(), draft: Some(draft), index: Index::empty() })
    }

    /// Writes the index. Only then the images are there.
    pub fn finish(self) -> Result<(), WriteError> {
        let folder = self.folder().to_owned();
        for (name, bytes) in [(MARK, mark()), (INDEX, json::write(&self.index))] {
            let path = folder.join(name);
            replace(&path, &mut &bytes[..]).map_err(WriteError::io(path.display()))?;
        }
        sync(&folder).map_err(WriteError::io(folder.display()))?;
        if self.draft.is_some() {
            fs::rename(&folder, &self.path).map_err(WriteError::io(self.path.display()))?;
            let above = above(&self.path);
            sync(above).map_err(WriteError::io(above.display()))?;
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.draft.as_ref().map_or(&self.path, |draft| &draft.0)
    }
}

impl Sink for LayoutWriter {
    fn has(&self, digest: &Digest) -> bool {
        self.folder().join(digest.blob_path()).is_file()
    }

    fn blob(&mut self, descriptor: &Descriptor, content: &mut dyn Read) -> Result<(), WriteError> {
        let Descriptor { digest, size, .. } = descriptor;
        if self.has(digest) {
            return Ok(());
        }
        let path = self.folder().join(digest.blob_path());
        let folder = above(&path);
        fs::create_dir_all(folder).map_err(WriteError::io(folder.display()))?;
        let mut content = Verified::new(content, *digest, *size);
        replace(&path, &mut content).map_err(WriteError::io(path.display()))?;
        sync(folder).map_err(WriteError::io(folder.display()))
    }

    fn image(&mut self, name: Option<&str>, descriptor: &Descriptor) -> Result<(), WriteError> {
        list(&mut self.index, name, descriptor)
    }
}

/// Writes a file under another name, and renames it.
fn replace(path: &Path, content: &mut dyn Read) -> io::Result<()> {
    let draft = beside(path)?;
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).open(&draft).and_then(|mut file| {
            io::copy(content, &mut file)?;
            file.sync_all()
        });
    let done = written.and_then(|()| fs::rename(&draft, path));
    if done.is_err() {
        // The failure that is told is the first one.
        let _ = fs::remove_file(&draft);
    }
    done
}

/// A name beside a path that no other process takes.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "it has no name");
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().ok_or_else(no_name)?);
    name.push(format!(".new-{}", std::process::id()));
    Ok(path.with_file_name(name))
}

fn above(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
