//! Runs other programs: says what runs, keeps standard output free, turns a failure into an error that names it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in a folder of the project")
}

/// cargo's target directory, wherever the person's settings put it.
pub fn target() -> Result<PathBuf> {
    let output = cargo().args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    Ok(PathBuf::from(
        metadata["target_directory"].as_str().context("cargo metadata names no target directory")?,
    ))
}

/// The cargo that runs this task, in the root of the project.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a command to its end with a title on standard error, and how long it took.
pub fn step(title: &str, command: &mut Command) -> Result<()> {
    eprintln!("xtask: {title}");
    let begun = Instant::now();
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("starting {command:?}"))?;
    if !status.success() {
        bail!("{title}: {status}");
    }
    eprintln!("xtask: {title}: {} s", begun.elapsed().as_secs());
    Ok(())
}
