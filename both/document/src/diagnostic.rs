//! Complaints: what is wrong, where it stands, what was expected. Who shows them to a person chooses how.

use std::fmt;

use crate::key::KeyPath;
use crate::origins::Origins;
use crate::problem::Problem;
use crate::source::{Origin, Source};
use crate::subject::Subject;

/// One complaint with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: String,
    message: String,
    label: String,
    help: Option<String>,
    key: Option<KeyPath>,
    origin: Option<Origin>,
    others: Vec<(Origin, String)>,
}

impl Diagnostic {
    /// A complaint without a place.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            label: "here".into(),
            help: None,
            key: None,
            origin: None,
            others: Vec::new(),
        }
    }

    /// The complaint about a problem, without a place.
    pub fn of(subject: Subject, problem: &Problem) -> Self {
        let mut diagnostic = Self::new(format!("{}::{}", subject.code, problem.code()), problem.to_string());
        diagnostic.key = problem.key().cloned();
        diagnostic
    }

    /// The same about a place.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The same with the words that stand at the place.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with what a person can do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same about a key. Nothing is said about its place.
    #[must_use]
    pub fn with_key(mut self, key: KeyPath) -> Self {
        self.key = Some(key);
        self
    }

    /// The same with a second place: where the other of two values stands.
    #[must_use]
    pub fn with_other(mut self, message: impl Into<String>, origin: Option<Origin>) -> Self {
        self.others.extend(origin.map(|origin| (origin, message.into())));
        self
    }

    /// The same with other texts of the same length in place of those that it points at.
    #[must_use]
    pub fn with_sources(mut self, text: &mut dyn FnMut(&Source) -> Source) -> Self {
        let others = self.others.iter_mut().map(|(origin, _)| origin);
        self.origin.iter_mut().chain(others).for_each(|origin| origin.source = text(&origin.source));
        self
    }

    /// All places that it is about.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.origin.iter().chain(self.others.iter().map(|(origin, _)| origin))
    }

    /// The same at the value of a key, or at the document's head where none has a value for it.
    #[must_use]
    pub fn at(mut self, key: &KeyPath, origins: &Origins) -> Self {
        let subject = origins.subject();
        if self.key.is_none() {
            self.key = Some(key.clone());
        }
        match (origins.of(key), origins.of_key(&KeyPath::of(&[subject.head]))) {
            (Some(origin), _) => self.with_origin(origin).with_label(format!("`{}`", key.without_item())),
            (None, Some(origin)) => self.with_origin(origin).with_label(format!("this {}", subject.noun)),
            (None, None) => self,
        }
    }

    /// The kind, for tools: `recipe::unknown-key`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is wrong, on one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The words that stand at the place.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What a person can do.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The key, where it is about one.
    pub fn key(&self) -> Option<&KeyPath> {
        self.key.as_ref()
    }

    /// The place.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Other places that it is about, with the words that stand there.
    pub fn others(&self) -> &[(Origin, String)] {
        &self.others
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}
