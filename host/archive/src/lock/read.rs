//! Reading a lock, with errors that name file, line and key.

use std::io;
use std::path::Path;

use super::{Lock, LockError, check};

/// Largest lock that is read. One with 1,000 packages has about 500 KB.
pub const MAX_SIZE: u64 = 16 << 20;

impl Lock {
    /// Reads a lock; `None` where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        let size = match std::fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if size > MAX_SIZE {
            return Err(LockError::TooLarge { path: path.to_owned(), size });
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::parse(path, &text).map(Some)
    }

    /// Reads the text of a lock; `path` names it in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, LockError> {
        let lock: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text[..start].matches('\n').count();
            let key = text
                .lines()
                .nth(line)
                .and_then(|line| line.split_once('='))
                .map(|(key, _)| key.trim().to_owned());
            LockError::Syntax { path: path.to_owned(), line: line + 1, key, why: error.message().to_owned() }
        })?;
        check::check(&lock).map_err(|wrong| {
            let line = wrong.line_in(text);
            LockError::Syntax { path: path.to_owned(), line, key: Some(wrong.key.to_owned()), why: wrong.why }
        })?;
        Ok(lock)
    }
}
