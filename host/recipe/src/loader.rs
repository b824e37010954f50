//! Where recipes come from: the seam between this crate's pure core and files.

use bytes::Bytes;

use crate::source::{Location, Source};

/// Largest recipe, bytes: far above what a person writes.
pub const RECIPE_LIMIT: u64 = 1 << 20;

/// Largest file that a recipe brings, bytes. It is held in memory.
pub const FILE_LIMIT: u64 = 64 << 20;

/// Reads recipes and the files that they bring.
pub trait Loader {
    /// The recipe that a reference names. A name without slash and without `.toml` at its end is a built-in one;
    /// everything else is a path, relative to the recipe that names it or else to the working directory.
    fn load(&self, reference: &str, from: Option<&Location>) -> Result<Source, LoadError>;

    /// A file that the recipe at `from` brings.
    fn read(&self, reference: &str, from: &Location) -> Result<Fetched, LoadError>;

    /// The place that a path in the recipe at `from` means. Nothing is read.
    fn locate(&self, path: &str, from: &Location) -> Location;
}

/// A file that a recipe brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is from. As a reference it means this file in every recipe.
    pub location: Location,
    /// What it holds.
    pub content: Bytes,
}

/// Why a recipe or file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No built-in recipe has this name.
    #[error("no built-in recipe is named `{name}`")]
    NoBuiltIn {
        /// The name.
        name: String,
        /// What a person can do.
        help: String,
    },
    /// No such file.
    #[error("{0} does not exist")]
    NotFound(Location),
    /// A directory, a device and so on.
    #[error("{0} is not a regular file")]
    NotAFile(Location),
    /// The file is larger than what is read.
    #[error("{location} is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// The file.
        location: Location,
        /// Most bytes that are read.
        limit: u64,
    },
    /// The recipe is not text.
    #[error("{0} is not UTF-8 text")]
    NotText(Location),
    /// The operating system says no.
    #[error("can't read {location}: {source}")]
    Io {
        /// The file.
        location: Location,
        /// Why.
        source: std::io::Error,
    },
}

impl LoadError {
    /// What a person can do.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::NoBuiltIn { help, .. } => Some(help),
            _ => None,
        }
    }
}

/// Whether a reference is a path, as against the name of a built-in recipe.
pub(crate) fn is_path(reference: &str) -> bool {
    reference.contains('/') || reference.to_ascii_lowercase().ends_with(".toml")
}
