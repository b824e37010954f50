//! Where each value of a merged recipe was written.

use std::sync::Arc;

use crate::key::{KeyPath, Step};
use crate::node::{Node, SourceId, Value};
use crate::source::{Origin, Source};

/// The merged tree with the texts that it came from. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    tree: Arc<Node>,
    sources: Arc<[Source]>,
}

/// Which part of an entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
}

impl Origins {
    pub(crate) fn new(tree: Node, sources: Vec<Source>) -> Self {
        Self { tree: Arc::new(tree), sources: sources.into() }
    }

    /// Puts another text at a path, which keeps its place.
    pub(crate) fn set_text(&mut self, path: &KeyPath, text: String) {
        let mut node = Arc::make_mut(&mut self.tree);
        for step in path.steps() {
            let (Value::Table(entries), Step::Key(key)) = (&mut node.value, step) else { return };
            let Some(next) = entries.get_mut(key) else { return };
            node = next;
        }
        node.value = Value::Text(text);
    }

    pub(crate) fn tree(&self) -> &Node {
        &self.tree
    }

    /// The place of the value at a path, or of the nearest value above it; `None` where that is the whole recipe.
    pub(crate) fn of(&self, path: &KeyPath) -> Option<Origin> {
        let mut node = self.tree.as_ref();
        for step in path.steps() {
            match node.child(step) {
                Some(child) => node = child,
                None => break,
            }
        }
        // A table has no one place: it may be spread over a file. Its key is where a person looks.
        let part = if matches!(node.value, Value::Table(_)) { Part::Key } else { Part::Value };
        (!std::ptr::eq(node, self.tree.as_ref())).then(|| self.place(node, part)).flatten()
    }

    /// The place of the key at a path.
    pub(crate) fn of_key(&self, path: &KeyPath) -> Option<Origin> {
        self.tree.at(path).and_then(|node| self.place(node, Part::Key))
    }

    pub(crate) fn place(&self, node: &Node, part: Part) -> Option<Origin> {
        let span = if part == Part::Key { &node.key } else { &node.span };
        Some(Origin { source: self.source(node.source)?.clone(), span: span.clone() })
    }

    pub(crate) fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))
    }
}
