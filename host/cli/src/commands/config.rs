//! `corten config`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use corten_config::{
    Change, Document, Format, HostName, MAX_DOCUMENT, Merged, Report, SUBJECT, Secrets, changes, read,
    schema_text, starting_document,
};

use crate::arguments::MachineConfigCommand;
use crate::exit::Exit;

/// Runs the command.
pub fn config(command: &MachineConfigCommand) -> Result<Exit> {
    match command {
        MachineConfigCommand::New { hostname } => {
            let hostname = hostname.as_deref().map(host_name).transpose()?;
            print!("{}", starting_document(hostname.as_ref()));
            Ok(Exit::Done)
        }
        MachineConfigCommand::Check { files } => with_merged(files, |_| {
            println!("{}: nothing is wrong with it", names(files));
        }),
        MachineConfigCommand::Show { files, origin, secrets } => with_merged(files, |merged| {
            let secrets = if *secrets { Secrets::Shown } else { Secrets::Hidden };
            let text = if *origin { merged.to_toml_with_origins(secrets) } else { merged.to_toml(secrets) };
            print!("{text}");
        }),
        MachineConfigCommand::Diff { old, new } => diff(old, new),
        MachineConfigCommand::Schema => {
            print!("{}", schema_text());
            Ok(Exit::Done)
        }
    }
}

fn host_name(text: &str) -> Result<HostName> {
    text.parse().map_err(|bad: corten_config::BadValue| match bad.meant {
        Some(meant) => {
            anyhow::anyhow!("{text:?} is no host name: expected {}; did you mean `{meant}`?", bad.expected)
        }
        None => anyhow::anyhow!("{text:?} is no host name: expected {}", bad.expected),
    })
}

/// Does something with the configuration that files make together, or tells what is wrong with it.
fn with_merged(files: &[PathBuf], then: impl FnOnce(&Merged)) -> Result<Exit> {
    match read(&documents(files)?) {
        Ok(merged) => {
            then(&merged);
            Ok(Exit::Done)
        }
        Err(report) => Ok(tell(&names(files), &report)),
    }
}

fn diff(old: &Path, new: &Path) -> Result<Exit> {
    let (old_document, new_document) = (document(old)?, document(new)?);
    let sides = (read(&[old_document]), read(&[new_document]));
    let (old, new) = match sides {
        (Ok(old), Ok(new)) => (old, new),
        (a, b) => {
            let wrong = [(old, a.err()), (new, b.err())];
            for (path, report) in wrong.iter().filter_map(|(path, report)| Some((path, report.as_ref()?))) {
                tell(&path.display().to_string(), report);
            }
            return Ok(Exit::Configuration);
        }
    };
    for Change { key, before, after } in changes(Some(&old), &new) {
        for (sign, value) in [("-", before), ("+", after)] {
            if let Some(value) = value {
                println!("{sign} {key} = {value}");
            }
        }
    }
    Ok(Exit::Done)
}

/// Shows a report on standard error, with the lines of the files.
fn tell(name: &str, report: &Report) -> Exit {
    let report = corten_recipe::Report::about(SUBJECT, name, report.diagnostics().to_vec());
    anstream::eprintln!("{:?}", miette::Report::new(report));
    Exit::Configuration
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn documents(files: &[PathBuf]) -> Result<Vec<Document>> {
    files.iter().map(|file| document(file)).collect()
}

fn document(path: &Path) -> Result<Document> {
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
    let Ok(text) = String::from_utf8(bytes) else { bail!("{name} is not UTF-8 text") };
    Ok(Document { name, format, text })
}
