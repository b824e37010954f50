//! What `corten build --json` says it made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What a build said of itself.
#[derive(Debug)]
pub struct Built(pub Value);

impl std::fmt::Display for Built {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl Built {
    /// Has a recipe built into a folder in these formats, with further arguments.
    pub fn run(
        mut corten: Command,
        recipe: impl AsRef<Path>,
        folder: &Path,
        (formats, more): (&[&str], &[&str]),
    ) -> Result<Self> {
        corten.arg("build").arg(recipe.as_ref()).args(["--json", "-o"]).arg(folder);
        corten.args(formats.iter().flat_map(|format| ["--format", format])).args(more);
        let out = succeeded(&mut corten)?;
        let printed = || format!("{corten:?} printed {}", String::from_utf8_lossy(&out.stdout));
        Ok(Self(serde_json::from_slice(&out.stdout).with_context(printed)?))
    }

    /// What stands there as text under a key.
    pub fn text(&self, key: &str) -> Result<&str> {
        self.0[key].as_str().with_context(|| format!("no text {key} in {self}"))
    }

    /// Every artifact.
    pub fn artifacts(&self) -> Result<&Vec<Value>> {
        self.0["artifacts"].as_array().with_context(|| format!("no artifacts in {self}"))
    }

    /// The file of a format.
    pub fn artifact(&self, format: &str) -> Result<PathBuf> {
        let found = self.artifacts()?.iter().find(|artifact| artifact["format"] == format);
        let path = found.and_then(|artifact| artifact["path"].as_str());
        Ok(path.with_context(|| format!("no {format} in {self}"))?.into())
    }

    /// SHA-256 of each artifact by its format.
    pub fn hashes(&self) -> Result<BTreeMap<String, String>> {
        let of = |artifact: &Value| (artifact["format"].to_string(), artifact["sha256"].to_string());
        Ok(self.artifacts()?.iter().map(of).collect())
    }
}

/// Runs a command that has to succeed.
pub fn succeeded(command: &mut Command) -> Result<Output> {
    let out = command.output().with_context(|| format!("starting {command:?}"))?;
    ensure!(out.status.success(), "{command:?}: {}\n{}", out.status, String::from_utf8_lossy(&out.stderr));
    Ok(out)
}
