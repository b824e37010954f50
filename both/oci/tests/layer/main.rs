//! Layers: what is written is read, what others write is read, and what means harm is refused.
#![allow(missing_docs)]

mod foreign;
mod hostile;
mod raw;
mod round_trip;

use std::io::Read as _;

use corten_oci::digest::{Algorithm, Digest};
use corten_oci::layer::{Entry, Kind, LayerError, LayerReader, Limits};

/// Entries with their content.
pub type Read = Vec<(Entry, Vec<u8>)>;

/// Reads a whole layer.
pub fn read_with(bytes: &[u8], limits: Limits) -> Result<(Read, Digest), LayerError> {
    let mut reader = LayerReader::new(bytes, Algorithm::Sha256, limits)?;
    let mut entries = Vec::new();
    while let Some(entry) = reader.next()? {
        let mut content = Vec::new();
        if matches!(entry.kind, Kind::File(_)) {
            reader.read_to_end(&mut content).map_err(|error| LayerError::Tar(error.into()))?;
        }
        entries.push((entry, content));
    }
    Ok((entries, reader.finish()?))
}

/// Reads a whole layer.
pub fn read(bytes: &[u8]) -> Result<(Read, Digest), LayerError> {
    read_with(bytes, Limits::default())
}
