//! Where Corten keeps things on this machine: the XDG base directories.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// What can be fetched or made again.
pub fn cache() -> Result<PathBuf> {
    base("XDG_CACHE_HOME", ".cache")
}

/// What a person would miss: the locks of built-in recipes and of tools.
pub fn data() -> Result<PathBuf> {
    base("XDG_DATA_HOME", ".local/share")
}

fn base(variable: &str, below_home: &str) -> Result<PathBuf> {
    // The specification: a value that is not an absolute path is as good as none.
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(folder) = named {
        return Ok(folder.join("corten"));
    }
    let home = std::env::var_os("HOME").with_context(|| format!("neither {variable} nor HOME is set"))?;
    Ok(PathBuf::from(home).join(below_home).join("corten"))
}
