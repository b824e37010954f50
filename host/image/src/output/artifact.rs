//! The forms in which an image leaves the builder.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::sbom::hex;

/// Form of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Disk image, a sparse file.
    Raw,
    /// Disk image, compressed with zstd.
    RawZst,
    /// Disk image in QEMU's format, version 3.
    Qcow2,
    /// Boot image alone.
    Uki,
    /// Root image alone: the EROFS image, and beside it its hash tree as `.verity`.
    Root,
    /// The files of the root as a tar archive.
    Tar,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 6] = [Self::Raw, Self::RawZst, Self::Qcow2, Self::Uki, Self::Root, Self::Tar];

    /// The name that recipes and the command line use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::RawZst => "raw.zst",
            Self::Qcow2 => "qcow2",
            Self::Uki => "uki",
            Self::Root => "root",
            Self::Tar => "tar",
        }
    }

    /// The ending of the artifact's file name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Uki => "efi",
            Self::Root => "erofs",
            other => other.name(),
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("{text:?} is not an output format: expected one of {names}")
        })
    }
}

/// A file that a build left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// What it is: the name of a [`Format`], `verity`, `spdx` or `cyclonedx`.
    pub format: String,
    /// Its size in bytes; for a sparse file the whole size.
    pub bytes: u64,
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
