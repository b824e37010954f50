//! Takes complaints while documents are read.

use std::cell::RefCell;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::format::Format;
use crate::node::Node;
use crate::problem::Problem;
use crate::source::{Origin, Source};
use crate::subject::Subject;

/// Takes the complaints of one reading.
#[derive(Debug)]
pub struct Sink<'a> {
    sources: &'a [Source],
    pub(crate) subject: Subject,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl<'a> Sink<'a> {
    /// No complaints so far about any of these texts.
    pub fn new(sources: &'a [Source], subject: Subject) -> Self {
        Self { sources, subject, diagnostics: RefCell::default() }
    }

    /// The complaints, in the order in which they were made.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    /// The language of the text that a node stands in.
    pub(crate) fn format_of(&self, node: &Node) -> Option<Format> {
        self.sources.get(usize::from(node.source.0)).map(|source| source.format)
    }

    /// The text of a node, as it was written.
    pub(crate) fn text_of(&self, node: &Node) -> Option<&'a str> {
        self.sources.get(usize::from(node.source.0))?.text.get(node.span.clone())
    }

    pub(crate) fn put(&self, problem: &Problem, node: &Node, span: &Range<usize>, hint: Hint) {
        let mut diagnostic = Diagnostic::of(self.subject, problem).with_label(hint.label);
        if let Some(help) = hint.help {
            diagnostic = diagnostic.with_help(help);
        }
        if let Some(source) = self.sources.get(usize::from(node.source.0)) {
            diagnostic = diagnostic.with_origin(Origin { source: source.clone(), span: span.clone() });
        }
        self.diagnostics.borrow_mut().push(diagnostic);
    }
}

/// What stands at and below the place of a complaint.
pub(crate) struct Hint {
    pub(crate) label: String,
    pub(crate) help: Option<String>,
}

impl Hint {
    pub(crate) fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), help: None }
    }

    pub(crate) fn meant(label: impl Into<String>, meant: Option<&str>) -> Self {
        Self { label: label.into(), help: meant.map(|meant| format!("did you mean `{meant}`?")) }
    }
}
