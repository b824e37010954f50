//! Everything that is wrong with a machine configuration, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use corten_document::{Diagnostic, Source};

use crate::masked::masked;

/// Problems that are told one by one. Of more only the number is told.
const MOST: usize = 100;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the document.
    pub document: String,
    /// Line in it, counted from 1; 0 where no line is at fault.
    pub line: usize,
    /// Column in the line in characters, counted from 1; 0 where no line is at fault.
    pub column: usize,
    /// The key as TOML writes it; empty for the document as a whole.
    pub key: String,
    /// What is wrong, on one line.
    pub message: String,
    /// What a person can do.
    pub help: Option<String>,
}

impl From<&Diagnostic> for Problem {
    fn from(diagnostic: &Diagnostic) -> Self {
        let origin = diagnostic.origin();
        Self {
            document: origin.map(|origin| origin.source.name.to_string()).unwrap_or_default(),
            line: origin.map_or(0, corten_document::Origin::line),
            column: origin.map_or(0, corten_document::Origin::column),
            key: diagnostic.key().map(ToString::to_string).unwrap_or_default(),
            message: diagnostic.message().to_owned(),
            help: diagnostic.help().map(str::to_owned),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.document.is_empty() {
            f.write_str(&self.document)?;
            if self.line > 0 {
                write!(f, ":{}:{}", self.line, self.column)?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration, in the order of its documents and lines. It is never empty.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Report {
    /// What is wrong.
    pub problems: Vec<Problem>,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report of problems that were found without their texts at hand.
    pub fn new(problems: Vec<Problem>) -> Self {
        Self { problems, diagnostics: Vec::new() }
    }

    /// Sorts complaints; what was found twice is told once.
    pub(crate) fn of(mut diagnostics: Vec<Diagnostic>, sources: &[Source]) -> Self {
        let place = |diagnostic: &Diagnostic| {
            diagnostic.origin().map(|origin| {
                let number = sources.iter().position(|source| source == &origin.source);
                (number, origin.span.start, origin.span.end)
            })
        };
        diagnostics.sort_by_cached_key(place);
        // What was found twice stands at one place, and so nearby.
        diagnostics.dedup();
        let mut told: Vec<Diagnostic> = Vec::new();
        let mut more = 0;
        for diagnostic in diagnostics {
            if told.len() >= MOST {
                more += 1;
            } else if !told.contains(&diagnostic) {
                told.push(diagnostic);
            }
        }
        if more > 0 {
            told.push(Diagnostic::new("config::limit", format!("and {more} more problems")));
        }
        Self { problems: told.iter().map(Problem::from).collect(), diagnostics: told }
    }

    /// The same as complaints with their texts, for those who show the lines. Over the secrets of the texts stands `*`.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut told: BTreeMap<Arc<str>, Vec<Range<usize>>> = BTreeMap::new();
        for origin in self.diagnostics.iter().flat_map(Diagnostic::origins) {
            told.entry(origin.source.name.clone()).or_default().push(origin.span.clone());
        }
        let mut shown: BTreeMap<Arc<str>, Source> = BTreeMap::new();
        let mut show = |source: &Source| {
            let told = told.get(&source.name).map(Vec::as_slice).unwrap_or_default();
            shown.entry(source.name.clone()).or_insert_with(|| masked(source, told)).clone()
        };
        self.diagnostics.iter().cloned().map(|diagnostic| diagnostic.with_sources(&mut show)).collect()
    }
}

impl fmt::Debug for Report {
    /// Without the texts of the documents: they hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |problem: &Problem| format!("{}:{}: {}", problem.document, problem.line, problem.message);
        f.write_str("Report ")?;
        f.debug_list().entries(self.problems.iter().map(told)).finish()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if n == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}
