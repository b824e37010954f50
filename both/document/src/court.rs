//! Collects complaints while decisions are made on documents that were read: what is missing, what excludes what.

use crate::diagnostic::Diagnostic;
use crate::key::KeyPath;
use crate::literal::shown;
use crate::nearest::nearest;
use crate::origins::Origins;
use crate::problem::Problem;

/// Complaints about names that come with a suggestion.
const SUGGESTED: usize = 100;

/// Collects complaints.
#[derive(Debug)]
pub struct Court<'a> {
    /// Where everything was written.
    pub origins: &'a Origins,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Court<'a> {
    /// A court without complaints.
    pub fn new(origins: &'a Origins) -> Self {
        Self { origins, diagnostics: Vec::new() }
    }

    /// The complaints, in the order in which they were made.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// Complains about the value at a key.
    pub fn complain(&mut self, problem: &Problem, key: &KeyPath, help: Option<String>) {
        let diagnostic = Diagnostic::of(self.origins.subject(), problem).at(key, self.origins);
        self.put(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    /// Complains about a key that is not there. It points at the table that lacks it.
    pub fn missing(&mut self, key: &KeyPath, help: &str) {
        self.complain(&Problem::Missing(key.clone()), key, Some(help.into()));
    }

    /// Complains about a name that nothing has.
    pub fn unresolved<'n>(&mut self, key: &KeyPath, name: &str, names: impl IntoIterator<Item = &'n str>) {
        // To compare with every name takes its time, and nobody reads so far.
        let close = if self.diagnostics.len() < SUGGESTED { nearest(name, names) } else { None };
        let help = close.map(|close| format!("did you mean `{close}`?"));
        self.complain(&Problem::Unresolved { key: key.without_item(), value: shown(name) }, key, help);
    }

    /// Complains about two values that exclude each other; `other` is what to say at the second place, and its key.
    pub fn conflict(&mut self, message: String, key: &KeyPath, other: (&str, &KeyPath)) {
        let mut diagnostic = Diagnostic::of(self.origins.subject(), &Problem::Conflict(message));
        if let Some(place) = self.origins.of_key(key) {
            diagnostic = diagnostic.with_origin(place).with_label("this one");
        }
        let place = self.origins.of_key(other.1);
        self.put(diagnostic.with_key(key.clone()).with_other(other.0, place));
    }

    /// Takes a complaint.
    pub fn put(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
