//! `run`: builds corten and has it build and boot the default recipe.

use std::process::Command;

use anyhow::{Context, Result};

use crate::build;

/// Passes the arguments on to `corten run`; its exit code becomes ours.
pub fn run(arguments: &[String]) -> Result<()> {
    let corten = build::build()?;
    let status = Command::new(&corten).arg("run").args(arguments).status().context("starting corten")?;
    std::process::exit(status.code().unwrap_or(1))
}
