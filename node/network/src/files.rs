//! Small files that other programs read while they are written: whole or not at all, and left alone when nothing
//! changed, so that watchers do not wake for nothing.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of the largest file that is read: a thousand links and rules take a tenth of it.
pub const LARGEST: u64 = 4 << 20;

/// A file that can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is larger than [`LARGEST`].
    #[error("{0}: larger than {LARGEST} bytes")]
    TooLarge(PathBuf),
    /// It holds something else.
    #[error("{path}: {error}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        error: serde_json::Error,
    },
}

/// The path `absolute` below `root`.
pub fn below(root: &Path, absolute: &str) -> PathBuf {
    root.join(absolute.trim_start_matches('/'))
}

/// Reads a JSON file. `None` if there is none.
///
/// # Errors
/// If it can't be read, is larger than [`LARGEST`] or holds something else.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let io = |error| FileError::Io { path: path.to_owned(), error };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| FileError::Content { path: path.to_owned(), error })
}

/// Writes a value as JSON, by [`replace`].
///
/// # Errors
/// If it can't be written.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| FileError::Content { path: path.to_owned(), error })?;
    bytes.push(b'\n');
    replace(path, &bytes)
}

/// Gives a file new content by renaming, and makes its directory if there is none. Nothing happens if it holds `bytes`
/// already.
///
/// # Errors
/// If it can't be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let io = |error| FileError::Io { path: path.to_owned(), error };
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(io)?;
    }
    // One writer a file, so the name needs nothing random. No sync: all of these lie in memory and end with the boot.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.new"));
    let written = fs::File::create(&temporary).and_then(|mut file| file.write_all(bytes)).map_err(io);
    written.and_then(|()| fs::rename(&temporary, path).map_err(io))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Order, State};

    #[test]
    fn orders_and_states_come_back_as_they_were_written() {
        let root = tempfile::tempdir().expect("a directory");
        assert_eq!(Order::read(root.path()).expect("no order is fine"), None);
        let order = Order { generation: 7, hostname: Some("node".into()), ..Order::default() };
        order.write(root.path()).expect("writable");
        assert_eq!(Order::read(root.path()).expect("readable"), Some(order));
        let state = State { generation: 7, ..State::default() };
        state.write(root.path()).expect("writable");
        assert_eq!(State::read(root.path()).expect("readable"), Some(state));
    }

    #[test]
    fn the_same_content_is_not_written_again() {
        use std::os::unix::fs::MetadataExt as _;
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("file");
        replace(&path, b"one").expect("writable");
        let first = fs::metadata(&path).expect("there").ino();
        replace(&path, b"one").expect("writable");
        assert_eq!(fs::metadata(&path).expect("there").ino(), first);
        replace(&path, b"two").expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"two");
    }

    #[test]
    fn a_wrong_file_is_named_in_the_error() {
        let root = tempfile::tempdir().expect("a directory");
        let path = below(root.path(), crate::ORDER_PATH);
        replace(&path, b"{\"generation\": -1}").expect("writable");
        let error = Order::read(root.path()).expect_err("wrong").to_string();
        assert!(error.contains("network.json"), "{error}");
    }
}
