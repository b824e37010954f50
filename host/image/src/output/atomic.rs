//! Writing a file so that its name only ever stands for the whole of it.

use std::fs::File;
use std::path::Path;

use crate::error::Error;

/// Creates the file under a temporary name, has it filled, syncs it and renames it. When anything fails, the
/// temporary file is removed and what had the name before still has it.
pub fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Error> {
    write(path, |file| {
        fill(file)?;
        file.sync_data()
    })
}

/// The same without the sync: for what may be lost with the power, since it can be made again and is checked when
/// it is read.
pub fn write_unsynced(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
    write(path, fill)
}

fn write(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        fill(&mut file)?;
        std::fs::rename(&temporary, path)
    });
    written.map_err(|why| {
        // What failed is told; that the rest can't be removed as well adds nothing to it.
        let _ = std::fs::remove_file(&temporary);
        Error::write(path, why)
    })
}
