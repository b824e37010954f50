//! Where each value of documents that were laid over one another was written.

use std::sync::Arc;

use crate::key::{KeyPath, Step};
use crate::node::{Node, Value};
use crate::source::{Origin, Source, SourceId};
use crate::subject::Subject;

/// A tree with the texts that it came from. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Origins {
    tree: Arc<Node>,
    sources: Arc<[Source]>,
    subject: Subject,
}

/// Which part of an entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl Origins {
    /// A tree whose nodes stand in these texts.
    pub fn new(tree: Node, sources: Vec<Source>, subject: Subject) -> Self {
        Self { tree: Arc::new(tree), sources: sources.into(), subject }
    }

    /// Puts another text at a path, which keeps its place.
    pub fn set_text(&mut self, path: &KeyPath, text: String) {
        if !path.steps().iter().all(|step| matches!(step, Step::Key(_))) {
            return;
        }
        if let Some(node) = Arc::make_mut(&mut self.tree).at_mut(path) {
            node.value = Value::Text(text);
        }
    }

    /// The tree.
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// What the documents are about.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The value at a path, or the nearest value above it; `None` where that is the whole document.
    pub fn node(&self, path: &KeyPath) -> Option<&Node> {
        let mut node = self.tree.as_ref();
        for step in path.steps() {
            match node.child(step) {
                Some(child) => node = child,
                None => break,
            }
        }
        (!std::ptr::eq(node, self.tree.as_ref())).then_some(node)
    }

    /// The place of the value at a path, or of the nearest value above it; `None` where that is the whole document.
    pub fn of(&self, path: &KeyPath) -> Option<Origin> {
        let node = self.node(path)?;
        // A table has no one place: it may be spread over a file. Its key is where a person looks.
        let part = if matches!(node.value, Value::Table(_)) { Part::Key } else { Part::Value };
        self.place(node, part)
    }

    /// The place of the key at a path.
    pub fn of_key(&self, path: &KeyPath) -> Option<Origin> {
        self.tree.at(path).and_then(|node| self.place(node, Part::Key))
    }

    /// The place of a node.
    pub fn place(&self, node: &Node, part: Part) -> Option<Origin> {
        let span = if part == Part::Key { &node.key } else { &node.span };
        Some(Origin { source: self.source(node.source)?.clone(), span: span.clone() })
    }

    /// The text of that number.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))
    }
}
