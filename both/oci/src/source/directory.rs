//! Files of a directory. Symbolic links in it are not followed: a layout has none.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{Content, Files, SourceError};

/// A directory.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Files for Directory {
    fn get<'a>(&'a self, path: &str) -> Result<Option<Content<'a>>, SourceError> {
        let whole = self.path.join(path);
        let io = |source| SourceError::Io { what: whole.display().to_string(), source };
        match fs::symlink_metadata(&whole) {
            // A pipe would be waited for, and a link may lead anywhere.
            Ok(metadata) if !metadata.is_file() => {
                let why = if metadata.is_symlink() { "it is a symbolic link" } else { "it is no file" };
                Err(io(io::Error::new(io::ErrorKind::InvalidInput, why)))
            }
            Ok(_) => {
                let file = File::open(&whole).map_err(io)?;
                let size = file.metadata().map_err(io)?.len();
                Ok(Some((Box::new(file), size)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(error)),
        }
    }
}
