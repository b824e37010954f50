//! Files by path: what layouts and Docker's archives are made of.

use std::io::Read;

use super::{Content, SourceError};
use crate::json::DocumentError;
use crate::limits;

/// Holds files. Paths are relative and have no `.` or `..`.
pub trait Files {
    /// A file, and its size; `None` if there is none.
    fn get<'a>(&'a self, path: &str) -> Result<Option<Content<'a>>, SourceError>;

    /// The path at which the file itself is, if `path` is a link to it.
    fn settled<'a>(&'a self, path: &'a str) -> &'a str {
        path
    }
}

/// A whole file of a size that documents may have.
pub fn small(files: &dyn Files, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
    let Some((reader, size)) = files.get(path)? else { return Ok(None) };
    if size > limits::DOCUMENT {
        return Err(SourceError::document(path)(DocumentError::Size));
    }
    let mut bytes = Vec::new();
    // A file may grow while it is read.
    reader.take(limits::DOCUMENT + 1).read_to_end(&mut bytes).map_err(SourceError::reading(path))?;
    Ok(Some(bytes))
}
