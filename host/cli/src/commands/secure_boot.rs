//! `corten secure-boot`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corten_archive::tools::sets;
use corten_image::write_atomically;
use corten_sign::efi::{EfiTime, VariableStore};
use corten_sign::{KeyFolder, keys};
use corten_vm::{Emulator, SecureBoot};
use jiff::Timestamp;

use crate::arguments::{ArchiveOptions, SecureBootCommand};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::session::tools;

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
    folder.write(&keys, &keys::enrolment(&keys, &[], now)?)?;
    for (key, purpose) in keys.iter().zip(["signs images", "changes db", "changes KEK and itself"]) {
        println!("{:<4} {purpose:<23}{}", key.variable.name(), folder.key(key.variable).display());
    }
    Ok(Exit::Done)
}

fn enrol(folder: &Path, vars: &Path, archive: &ArchiveOptions) -> Result<Exit> {
    let exists = vars.try_exists().with_context(|| vars.display().to_string())?;
    let template = if exists { vars.to_path_buf() } else { template(archive)? };
    let store = enrolled(folder, &template)?;
    write_atomically(vars, |file| file.write_all(&store))?;
    println!("{}: firmware variables with the keys of {}", vars.display(), folder.display());
    Ok(Exit::Done)
}

/// The variables that the firmware of the archive starts from.
fn template(archive: &ArchiveOptions) -> Result<PathBuf> {
    let progress = Progress::new();
    let tools = tools(&sets::QEMU, archive, &progress)?;
    progress.finish();
    Ok(Emulator::from_tools(&tools)?.firmware(SecureBoot::On)?.variables.clone())
}

/// A store of variables like the template, with the keys of a folder.
pub fn enrolled(folder: &Path, template: &Path) -> Result<Vec<u8>> {
    let lists = KeyFolder::new(folder).lists()?;
    let bytes = std::fs::read(template).with_context(|| template.display().to_string())?;
    let in_file = || template.display().to_string();
    let mut store = VariableStore::parse(&bytes).with_context(in_file)?;
    store.enrol(&lists, EfiTime::new(Timestamp::now())).with_context(in_file)?;
    store.to_bytes().with_context(in_file)
}

/// Whether the firmware whose variables these are trusts the platform key of a folder.
pub fn knows(store: &Path, folder: &Path) -> Result<bool> {
    let bytes = std::fs::read(store).with_context(|| store.display().to_string())?;
    let store = VariableStore::parse(&bytes).with_context(|| store.display().to_string())?;
    let lists = KeyFolder::new(folder).lists()?;
    Ok(lists.iter().all(|(variable, list)| store.keys(*variable) == Some(list.as_slice())))
}
