//! Runs the programs of the host that peers are made with.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a command to its end; its standard error is the person's.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("starting {command:?}"))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}

/// Installs mmdebstrap from the host's archive unless it is there. Needs root.
pub fn need_mmdebstrap() -> Result<()> {
    if Command::new("mmdebstrap").arg("--version").stdout(Stdio::null()).status().is_err() {
        run(Command::new("apt-get").args(["install", "--yes", "--quiet", "mmdebstrap"]))?;
    }
    Ok(())
}
