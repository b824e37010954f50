//! What lies on the EFI system partition that the node starts from, read with our own FAT code: the partition is never
//! mounted.

use std::fs::File;
use std::path::Path;

use corten_formats::device::FileDevice;
use corten_formats::fat::{EntryKind, FatError, Volume};

use crate::{Findings, Found, MAX_DOCUMENT, PlatformError, file_name};

const FOLDER: &str = "corten";
/// The first one that is there counts.
const NAMES: [&str; 3] = ["config.toml", "config.yaml", "config.yml"];

/// The document on the partition of that device, `/dev/vda1` for example.
pub fn of_esp(device: &Path) -> Findings {
    let mut findings = Findings::default();
    match look(device) {
        Ok(Some(found)) => findings.documents.push(found),
        Ok(None) => {}
        Err(problem) => findings.problems.push(problem),
    }
    findings
}

fn look(device: &Path) -> Result<Option<Found>, PlatformError> {
    let shown = device.display().to_string();
    let file = File::open(device).and_then(FileDevice::new);
    let device = file.map_err(|error| PlatformError::Io(shown.clone(), error))?;
    let failed = |error| PlatformError::Fat(shown.clone(), error);
    let volume = Volume::open(device).map_err(failed)?;
    for name in NAMES {
        let path = format!("{FOLDER}/{name}");
        let entry = match volume.entry(&path) {
            Ok(entry) if entry.kind == EntryKind::File => entry,
            Ok(_) | Err(FatError::NotFound(_)) => continue,
            Err(error) => return Err(failed(error)),
        };
        if entry.size as usize > MAX_DOCUMENT {
            return Err(PlatformError::Size(format!("{shown}: {path}"), entry.size.into()));
        }
        let bytes = volume.read_file(&path).map_err(failed)?;
        return Ok(Some(Found { name: file_name("10-esp", name), bytes }));
    }
    Ok(None)
}
