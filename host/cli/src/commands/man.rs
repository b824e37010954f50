//! `corten man`.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory as _;

use crate::arguments::Arguments;
use crate::exit::Exit;

/// Runs the command.
pub fn man(folder: &Path) -> Result<Exit> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // The name of the program is not that of its package, and `help` needs no page of its own for each command.
    let command = Arguments::command().name("corten").disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).with_context(|| folder.display().to_string())?;
    Ok(Exit::Done)
}
