//! A command that ran, with what it printed.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A command that ran.
pub struct Ran {
    command: String,
    output: Output,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Output { status, stdout, stderr } = &self.output;
        writeln!(f, "{}: {status}\nstandard output:\n{}", self.command, String::from_utf8_lossy(stdout))?;
        writeln!(f, "standard error:\n{}", String::from_utf8_lossy(stderr))
    }
}

impl Ran {
    /// Runs it to its end, however that is.
    pub fn new(command: &mut Command) -> Result<Self> {
        let output = command.output().with_context(|| format!("starting {command:?}"))?;
        Ok(Self { command: format!("{command:?}"), output })
    }

    /// The one JSON object on its standard output.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.output.stdout).context("standard output is not one JSON object")
    }

    /// What it printed on standard output.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// What it printed for people.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Checks its exit code.
    pub fn exits_with(&self, code: i32) -> Result<()> {
        let status = self.output.status;
        ensure!(status.code() == Some(code), "{status}, expected {code}: {}", self.said());
        Ok(())
    }
}
