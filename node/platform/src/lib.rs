//! Where the configuration of a machine comes from: files that the machine brings along, found by root and handed to
//! the agent, which reads them without any rights.
//!
//! ```text
//! 10-esp-*      \corten\config.toml or .yaml on the EFI system partition that the node starts from
//! 20-volume-*   the same name on a volume labelled CORTEN: a disc, a stick, a second disk (vfat, iso9660, ext4)
//! 30-smbios-*   io.systemd.credential:corten.config.toml=TEXT, or .binary: with base64, among the OEM strings
//! 40-fw-cfg-*   opt/org.corten.config/NAME of QEMU
//! ```
//!
//! The names give the order in which they are laid over one another. Nothing in them is looked at here but their size.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

mod esp;
mod fw_cfg;
mod keep;
mod smbios;
mod volume;

use std::path::Path;

pub use esp::of_esp;
pub use fw_cfg::of_fw_cfg;
pub use keep::keep;
pub use smbios::{of_smbios, parse as parse_smbios};
pub use volume::of_volumes;

/// Where the documents are put.
pub const FOLDER: &str = "/run/corten/config";

/// Bytes of the largest document that is taken.
pub const MAX_DOCUMENT: usize = 256 << 10;

/// Documents of one kind of place that are taken.
pub const MAX_DOCUMENTS: usize = 16;

/// A document as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its file name: place, and what it is called there, with the ending of its format.
    pub name: String,
    /// Its text.
    pub bytes: Vec<u8>,
}

/// Why a document was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// It can't be read.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The partition can't be read.
    #[error("{0}: {1}")]
    Fat(String, corten_formats::fat::FatError),
    /// It is too large.
    #[error("{0} has {1} bytes, expected {MAX_DOCUMENT} at most")]
    Size(String, u64),
    /// It is no text in base64.
    #[error("{0} is not base64")]
    Base64(String),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] corten_sys::SysError),
}

/// What was found in one place, and what could not be taken.
#[derive(Debug, Default)]
pub struct Findings {
    /// Documents.
    pub documents: Vec<Found>,
    /// What is wrong with others.
    pub problems: Vec<PlatformError>,
}

impl Findings {
    fn take(&mut self, found: Result<Found, PlatformError>) {
        match found {
            Ok(found) => self.documents.push(found),
            Err(problem) => self.problems.push(problem),
        }
    }

    /// Adds what was found elsewhere.
    pub fn extend(&mut self, more: Self) {
        self.documents.extend(more.documents);
        self.problems.extend(more.problems);
    }
}

/// A name that is safe as that of a file, and ends as its format does; TOML where it says nothing.
fn file_name(place: &str, name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().take(64).map(safe).collect();
    let known = Path::new(&name)
        .extension()
        .is_some_and(|ending| ["toml", "yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known)));
    if known { format!("{place}-{name}") } else { format!("{place}-{name}.toml") }
}

/// Reads a file that may be too large.
fn read(path: &Path, name: String) -> Result<Found, PlatformError> {
    use std::io::Read as _;
    let shown = path.display().to_string();
    let failed = |error| PlatformError::Io(shown.clone(), error);
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_DOCUMENT {
        return Err(PlatformError::Size(shown, bytes.len() as u64));
    }
    Ok(Found { name, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_and_say_their_format() {
        assert_eq!(file_name("40-fw-cfg", "run.yaml"), "40-fw-cfg-run.yaml");
        assert_eq!(file_name("40-fw-cfg", "../x/y"), "40-fw-cfg-.._x_y.toml");
        assert_eq!(file_name("30-smbios", ""), "30-smbios-.toml");
    }
}
