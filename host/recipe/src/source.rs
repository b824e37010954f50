//! Texts of recipes and where they are from.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use corten_document as document;

/// Where a recipe, or a file that a recipe brings, is from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Location {
    /// Compiled in. The path is the one in the project's folder `recipes`.
    BuiltIn(String),
    /// A file of the host.
    Path(PathBuf),
}

/// What stands before the path of a built-in file where it is shown.
pub(crate) const BUILT_IN: &str = "builtin:";

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(path) => write!(f, "{BUILT_IN}{path}"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// The text of a recipe. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is from.
    pub location: Location,
    /// The text.
    pub text: Arc<str>,
}

impl Source {
    /// A text with where it is from.
    pub fn new(location: Location, text: impl Into<Arc<str>>) -> Self {
        Self { location, text: text.into() }
    }

    /// The same as a document. Recipes are TOML.
    pub(crate) fn document(&self) -> document::Source {
        document::Source::new(self.location.to_string(), document::Format::Toml, Arc::clone(&self.text))
    }
}
