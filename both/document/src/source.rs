//! Texts of documents, and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::format::Format;

/// The text of a document. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What complaints call it. It tells the texts of one reading apart.
    pub name: Arc<str>,
    /// The language.
    pub format: Format,
    /// The text.
    pub text: Arc<str>,
}

impl Source {
    /// A text with its name.
    pub fn new(name: impl Into<Arc<str>>, format: Format, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), format, text: text.into() }
    }
}

/// Where the lines of a text start, for those who ask for many places of one text.
#[derive(Clone, Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// The lines of a text.
    pub fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}

/// Number of a text among the sources of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub u16);

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The document.
    pub source: Source,
    /// Bytes of its text.
    pub span: Range<usize>,
}

impl Origin {
    fn before(&self) -> &str {
        self.source.text.get(..self.span.start).unwrap_or_default()
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// The column in the line in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.before().rsplit('\n').next().unwrap_or_default().chars().count() + 1
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source.name, self.line())
    }
}
