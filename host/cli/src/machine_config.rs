//! Files of a machine configuration: read as documents, and what is wrong in them shown with its lines.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use corten_config::{Document, Format, MAX_DOCUMENT, Merged, SUBJECT};

use crate::exit::BadFile;

/// Reads files; the ending says the language of each.
pub fn read_files(files: &[PathBuf]) -> Result<Vec<Document>> {
    files.iter().map(|path| read_file(path)).collect()
}

/// Reads a file.
pub fn read_file(path: &Path) -> Result<Document> {
    let name = path.display().to_string();
    let Some(format) = Format::of_name(&name) else {
        bail!("{name}: its ending does not say what it is written in: .toml, .yaml or .yml");
    };
    let mut bytes = Vec::new();
    // One byte more than may be read tells that there are more; how many does not matter.
    File::open(path)
        .and_then(|file| file.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes))
        .with_context(|| format!("can't read {name}"))?;
    if bytes.len() > MAX_DOCUMENT {
        bail!("{name} is larger than {} KiB, which is the most that a node takes", MAX_DOCUMENT >> 10);
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(BadFile::configuration(miette::miette!("{name} is not UTF-8 text")).into());
    };
    Ok(Document { name, format, text })
}

/// What documents make together. `name` is what they are called where something is wrong.
pub fn merged(documents: &[Document], name: &str) -> Result<Merged, BadFile> {
    corten_config::read(documents).map_err(|report| {
        let report = corten_recipe::Report::about(SUBJECT, name, report.diagnostics().to_vec());
        BadFile::configuration(miette::Report::new(report))
    })
}
