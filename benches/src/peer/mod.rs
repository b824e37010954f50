//! The systems that Corten is measured against.

mod command;
pub mod debian;
mod disk;
pub mod mkosi;
pub mod probe;

use std::path::Path;

use anyhow::{Context, Result};
use corten_archive::{Archive, Settings};

/// The addresses of the archive that this host uses.
pub struct Mirror {
    /// The archive itself.
    pub main: String,
    /// Its security updates.
    pub security: String,
}

/// Asks the host's apt configuration.
pub fn mirror(folder: &Path) -> Result<Mirror> {
    let settings = Settings::new(folder.join("store"), jiff::Timestamp::now(), "trixie", "amd64");
    let archive = Archive::open(settings)?;
    let mirror = archive.mirror(&|_| {})?;
    let security = mirror.security.clone();
    let security = security.context("the host's apt configuration names no security mirror")?;
    Ok(Mirror { main: mirror.main.clone(), security })
}
