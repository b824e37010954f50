//! Where Corten keeps things on this machine.

use std::path::PathBuf;

use anyhow::Result;
use corten_archive::store::place::{default_data, default_store};

/// What can be fetched or made again.
pub fn cache() -> Result<PathBuf> {
    Ok(default_store(&|name| std::env::var(name).ok())?)
}

/// What a person would miss: the locks of built-in recipes and of tools.
pub fn data() -> Result<PathBuf> {
    Ok(default_data(&|name| std::env::var(name).ok())?)
}
