//! Mirrors on a disk of this host.

use std::fs::File;
use std::io::{ErrorKind, Seek, SeekFrom};

use super::{Answer, TransportError};

/// Opens a file at a position.
pub fn get(path: &str, from: u64) -> Result<Answer, TransportError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => TransportError::NotFound,
        _ => TransportError::Connection(format!("{path}: {error}")),
    };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(TransportError::NotFound);
    }
    if from > metadata.len() {
        return Err(TransportError::Range);
    }
    file.seek(SeekFrom::Start(from)).map_err(failed)?;
    Ok(Answer { start: from, size: Some(metadata.len()), body: Box::new(file) })
}
