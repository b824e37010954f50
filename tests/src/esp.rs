//! The EFI system partition of a disk image, for scenarios that put something else there.

use std::path::Path;

use anyhow::{Context, Result};
use corten_formats::fat::{Timestamp, Volume, Writer};
use corten_formats::gpt::types;

use crate::partition::Partition;

/// The EFI system partition of a disk, opened for changes.
pub struct Esp(Writer<Partition>);

impl Esp {
    /// Opens it.
    pub fn open(disk: &Path) -> Result<Self> {
        Ok(Self(Writer::open(Partition::open(disk, types::ESP)?)?))
    }

    /// What is there now.
    pub fn volume(&self) -> &Volume<Partition> {
        self.0.volume()
    }

    /// Content of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.0.volume().read_file(path).with_context(|| path.to_owned())
    }

    /// Puts a file there, in place of another of that name; its directories are made.
    pub fn put(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let time = Timestamp::from_unix(1_700_000_000);
        for (end, _) in path.match_indices('/') {
            if self.0.volume().entry(&path[..end]).is_err() {
                self.0.mkdir(&path[..end], time).with_context(|| path.to_owned())?;
            }
        }
        if self.0.volume().entry(path).is_ok() {
            self.0.remove(path)?;
        }
        self.0.write_file(path, content, time).with_context(|| path.to_owned())
    }

    /// Ends the changes.
    pub fn close(self) -> Result<()> {
        self.0.finish()?;
        Ok(())
    }
}
