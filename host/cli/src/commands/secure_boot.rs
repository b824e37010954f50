//! `corten secure-boot`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use corten_archive::tools::sets;
use corten_sign::{KeyFolder, keys};
use corten_vm::{Emulator, SecureBoot};
use jiff::Timestamp;

use crate::arguments::{ArchiveOptions, SecureBootCommand};
use crate::exit::Exit;
use crate::output::put;
use crate::progress::Progress;
use crate::session::tools;
use crate::variables::{self, VariablesError};

/// Runs the command.
pub fn secure_boot(command: &SecureBootCommand) -> Result<Exit> {
    match command {
        SecureBootCommand::Keys { folder, name } => make(folder, name),
        SecureBootCommand::Enrol { folder, vars, archive } => enrol(folder, vars, archive),
    }
}

fn make(path: &Path, name: &str) -> Result<Exit> {
    let folder = KeyFolder::new(path);
    // Before seconds go into making keys that have no place.
    folder.check_free()?;
    let now = Timestamp::now();
    let keys = keys::generate(name, now)?;
    folder.write(&keys, &keys::enrolment(&keys, now)?)?;
    let mut text = String::new();
    for (key, purpose) in keys.iter().zip(["signs images", "changes db", "changes KEK and itself"]) {
        let path = folder.key(key.variable);
        let _ = writeln!(text, "{:<4} {purpose:<23}{}", key.variable.name(), path.display());
    }
    put(&text)?;
    Ok(Exit::Done)
}

fn enrol(folder: &Path, vars: &Path, archive: &ArchiveOptions) -> Result<Exit> {
    let unreadable = |source| VariablesError::Read { path: vars.into(), source };
    let exists = vars.try_exists().map_err(unreadable)?;
    let template = if exists { vars.to_path_buf() } else { template(archive)? };
    variables::write(vars, &variables::enrolled(folder, &template)?)?;
    put(&format!("{}: firmware variables with the keys of {}\n", vars.display(), folder.display()))?;
    Ok(Exit::Done)
}

/// The variables that the firmware of the archive starts from.
fn template(archive: &ArchiveOptions) -> Result<PathBuf> {
    let progress = Progress::new();
    let tools = tools(&sets::QEMU, archive, &progress)?;
    progress.finish();
    Ok(Emulator::from_tools(&tools)?.firmware(SecureBoot::On)?.variables.clone())
}
