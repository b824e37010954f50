//! The files that a build leaves behind.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::hex::hex;

/// A file that a build left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// What it is: the name of a [`corten_recipe::Format`], `verity`, `spdx` or `cyclonedx`.
    pub format: String,
    /// Its size in bytes; for a sparse file the whole size.
    pub bytes: u64,
}

impl Artifact {
    /// Describes a file that was just written.
    pub(crate) fn of(path: PathBuf, format: &str) -> Result<Self, Error> {
        let bytes = std::fs::metadata(&path).map_err(|why| Error::read(&path, why))?.len();
        Ok(Self { path, format: format.into(), bytes })
    }
}

/// SHA-256 of a whole file, hex. A disk image has some 1.5 GB, mostly zeros, which takes about a second.
pub fn sha256_of(path: &Path) -> Result<String, Error> {
    let mut file = std::fs::File::open(path).map_err(|why| Error::read(path, why))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(|why| Error::read(path, why))? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}
