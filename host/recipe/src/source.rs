//! Texts of recipes and where they are from.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

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
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let part = self.text.read_span(span, lines_before, lines_after)?;
        let (line, column, count) = (part.line(), part.column(), part.line_count());
        let name = self.location.to_string();
        Ok(Box::new(
            MietteSpanContents::new_named(name, part.data(), *part.span(), line, column, count)
                .with_language("TOML"),
        ))
    }
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The recipe.
    pub source: Source,
    /// Bytes of its text.
    pub span: Range<usize>,
}

impl Origin {
    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        let before = self.source.text.get(..self.span.start).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source.location, self.line())
    }
}
