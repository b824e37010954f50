//! `corten config`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use corten_config::{Change, Merged, Secrets, changes, schema_text, starting_document};

use crate::arguments::MachineConfigCommand;
use crate::exit::Exit;
use crate::machine_config::{merged, read_file, read_files};
use crate::output::put;

/// Runs the command.
pub fn config(command: &MachineConfigCommand) -> Result<Exit> {
    match command {
        MachineConfigCommand::New { hostname } => print(&starting_document(hostname.as_ref())),
        MachineConfigCommand::Check { files } => {
            print_merged(files, |_| format!("{}: nothing is wrong with it\n", names(files)))
        }
        MachineConfigCommand::Show { files, origin, secrets } => print_merged(files, |merged| {
            let secrets = if *secrets { Secrets::Shown } else { Secrets::Hidden };
            if *origin { merged.to_toml_with_origins(secrets) } else { merged.to_toml(secrets) }
        }),
        MachineConfigCommand::Diff { old, new } => diff(old, new),
        MachineConfigCommand::Schema => print(&schema_text()),
    }
}

fn print(text: &str) -> Result<Exit> {
    put(text)?;
    Ok(Exit::Done)
}

/// Prints something of the configuration that files make together, or tells what is wrong with it.
fn print_merged(files: &[PathBuf], text: impl FnOnce(&Merged) -> String) -> Result<Exit> {
    print(&text(&merged(&read_files(files)?, &names(files))?))
}

fn diff(old: &Path, new: &Path) -> Result<Exit> {
    let side =
        |path: &Path| Ok::<_, anyhow::Error>(merged(&[read_file(path)?], &path.display().to_string())?);
    let (old, new) = (side(old)?, side(new)?);
    let mut text = String::new();
    for Change { key, before, after } in changes(Some(&old), &new) {
        for (sign, value) in [("-", before), ("+", after)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{sign} {key} = {value}");
            }
        }
    }
    print(&text)
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}
