//! Files of a machine configuration: read as documents, and what is wrong in them shown with its lines.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use corten_config::{Document, Format, MAX_DOCUMENT, Merged, SUBJECT};
use miette::miette;

use crate::exit::BadFile;

/// Reads files; the ending says the language of each. All that can't be read are told.
pub fn read_files(files: &[PathBuf]) -> Result<Vec<Document>, BadFile> {
    let (mut documents, mut wrong) = (Vec::new(), Vec::new());
    for path in files {
        match document(path) {
            Ok(document) => documents.push(document),
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() {
        Ok(documents)
    } else {
        Err(BadFile::configuration(miette!("{}", wrong.join("\n"))))
    }
}

/// Reads a file.
pub fn read_file(path: &Path) -> Result<Document, BadFile> {
    document(path).map_err(|why| BadFile::configuration(miette!("{why}")))
}

fn document(path: &Path) -> Result<Document, String> {
    let name = path.display().to_string();
    let Some(format) = Format::of_name(&name) else {
        return Err(format!("{name}: its ending does not say what it is written in: .toml, .yaml or .yml"));
    };
    let mut bytes = Vec::new();
    // One byte more than may be read tells that there are more; how many does not matter.
    File::open(path)
        .and_then(|file| file.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes))
        .map_err(|why| format!("can't read {name}: {why}"))?;
    if bytes.len() > MAX_DOCUMENT {
        return Err(format!(
            "{name} is larger than {} KiB, which is the most that a node takes",
            MAX_DOCUMENT >> 10
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8 text"))?;
    Ok(Document { name, format, text })
}

/// What documents make together. `name` is what they are called where something is wrong.
pub fn merged(documents: &[Document], name: &str) -> Result<Merged, BadFile> {
    corten_config::read(documents).map_err(|report| {
        let report = corten_recipe::Report::about(SUBJECT, name, report.diagnostics());
        BadFile::configuration(miette::Report::new(report))
    })
}
