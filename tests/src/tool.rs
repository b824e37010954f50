//! Other people's readers, from the folder that the test task fills.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A tool of that folder.
pub fn tool(name: &str) -> Result<Command> {
    let folder = std::env::var_os("CORTEN_TOOLS_BIN").context("CORTEN_TOOLS_BIN names no folder of tools")?;
    Ok(Command::new(Path::new(&folder).join(name)))
}

/// Runs a command that has to succeed, and returns what it printed.
pub fn run(command: &mut Command) -> Result<String> {
    let done = command.output().with_context(|| format!("starting {command:?}"))?;
    let text = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    ensure!(done.status.success(), "{command:?}: {}\n{text}", done.status);
    Ok(text)
}
