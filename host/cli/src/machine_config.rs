//! Files of a machine configuration, read as documents.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use corten_config::{Document, Format, MAX_DOCUMENT};

/// Reads files; the ending says the language of each.
pub fn read_files(files: &[PathBuf]) -> Result<Vec<Document>> {
    files.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> Result<Document> {
    let name = path.display().to_string();
    let Some(format) = Format::of_name(&name) else {
        bail!("{name}: expected a file that ends in .toml, .yaml or .yml");
    };
    let mut text = String::new();
    let file = File::open(path).with_context(|| name.clone())?;
    file.take(MAX_DOCUMENT as u64 + 1).read_to_string(&mut text).with_context(|| name.clone())?;
    if text.len() > MAX_DOCUMENT {
        bail!("{name}: larger than {MAX_DOCUMENT} bytes");
    }
    Ok(Document { name, format, text })
}
