//! A package in memory: control fields, maintainer scripts, files. Nothing is installed and no script runs.
//!
//! The files of a package are slices of one buffer, the decompressed archive, so they cost no copies and live as
//! long as any of them.

mod decompress;

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::deb::control::{Control, ControlError};
use corten_formats::deb::package::{LayoutError, layout};
use corten_formats::deb::tar::{Entry, Kind, Limits as TarLimits, TarError, read};

pub use self::decompress::{DecompressError, decompress};

/// Largest control archive, bytes decompressed. The largest of the archive have a few MB, for lists of files.
const MAX_CONTROL: u64 = 256 << 20;

/// Scripts that a package can have, and what else of its control archive is of use.
const SCRIPTS: [&str; 5] = ["preinst", "postinst", "prerm", "postrm", "config"];

/// What is unpacked at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all files of one package, decompressed.
    pub bytes: u64,
    /// Files, directories and links of one package.
    pub entries: usize,
}

impl Default for Limits {
    /// 4 GiB and one million entries.
    fn default() -> Self {
        Self { bytes: 4 << 30, entries: TarLimits::default().entries }
    }
}

/// An unpacked package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Control fields.
    pub control: Control,
    /// Maintainer scripts by name: `preinst`, `postinst`, `prerm`, `postrm`, `config`.
    pub scripts: BTreeMap<String, String>,
    /// Files that dpkg treats as configuration, without leading slashes.
    pub conffiles: Vec<String>,
    /// Files, directories and links, sorted by path.
    pub entries: Vec<Entry>,
}

/// Why a package is refused.
#[derive(Debug, thiserror::Error)]
#[error("package {package} is refused: {source}")]
pub struct UnpackError {
    /// Name of the package.
    pub package: String,
    /// What is wrong.
    pub source: Reason,
}

/// What is wrong with a package.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Its outer form.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A part can't be decompressed.
    #[error("{part}: {source}")]
    Decompress {
        /// `control.tar` or `data.tar`.
        part: &'static str,
        /// What is wrong.
        source: DecompressError,
    },
    /// A part can't be read as a tar archive, or its paths are refused.
    #[error("{part}: {source}")]
    Tar {
        /// `control.tar` or `data.tar`.
        part: &'static str,
        /// What is wrong.
        source: TarError,
    },
    /// There is no control file.
    #[error("control.tar has no file control")]
    NoControl,
    /// The control file is not one.
    #[error("control: {0}")]
    Control(#[from] ControlError),
    /// It is another package than the lock says.
    #[error("it is {found}, but the lock names {expected}")]
    Other {
        /// Name and version inside the package.
        found: String,
        /// Name and version in the lock.
        expected: String,
    },
}

/// Unpacks a package.
pub fn unpack(file: &Bytes, limits: Limits) -> Result<Package, Reason> {
    let layout = layout(file)?;
    let part = |part, of: corten_formats::deb::package::Part, max| {
        let compressed = file.slice(of.data);
        decompress(&compressed, of.compression, max).map_err(|source| Reason::Decompress { part, source })
    };
    let entries = |part, archive: &Bytes| {
        read(archive, TarLimits { entries: limits.entries }).map_err(|source| Reason::Tar { part, source })
    };
    let control_archive = part("control.tar", layout.control, MAX_CONTROL)?;
    let mut texts = BTreeMap::new();
    for entry in entries("control.tar", &control_archive)? {
        if let Kind::File(content) = entry.kind {
            texts.insert(entry.path, String::from_utf8_lossy(&content).into_owned());
        }
    }
    let control = Control::parse(texts.get("control").ok_or(Reason::NoControl)?)?;
    let conffiles = texts.get("conffiles").map(|list| conffiles(list)).unwrap_or_default();
    let scripts = texts.into_iter().filter(|(name, _)| SCRIPTS.contains(&name.as_str())).collect();
    let data = part("data.tar", layout.data, limits.bytes)?;
    let mut entries = entries("data.tar", &data)?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Package { control, scripts, conffiles, entries })
}

/// Lines like `/etc/x`; those that start with a flag (`remove-on-upgrade`) name files that are not shipped.
fn conffiles(list: &str) -> Vec<String> {
    list.lines().filter_map(|line| line.trim().strip_prefix('/')).map(str::to_owned).collect()
}
