//! Compressed pieces of files, one entry a file and way of compressing.

use bytes::Bytes;
use corten_formats::erofs::{PieceCache, PieceKey};

use super::Cache;

/// The folder of a cache as the EROFS writer sees it.
pub struct Pieces(pub Cache);

impl PieceCache for Pieces {
    fn get(&self, key: &PieceKey) -> Option<Bytes> {
        self.0.get(&key.file_name()).map(Bytes::from)
    }

    fn put(&self, key: &PieceKey, entry: &Bytes) {
        use std::io::Write as _;
        self.0.put(&key.file_name(), |file| file.write_all(entry));
    }
}
