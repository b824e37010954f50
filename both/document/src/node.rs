//! A document's text as a tree in which every value knows its place.
//!
//! Reading, laying over one another and later complaints all work on this tree, so a value keeps its place through
//! all of it.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::key::{KeyPath, Step};
use crate::source::SourceId;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The text that it stands in.
    pub source: SourceId,
    /// The bytes of the key, or of the value where it has none.
    pub key: Range<usize>,
    /// The bytes of the value; of a table in TOML its header.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(BTreeMap<String, Node>),
    /// A value that no key takes; its type in words.
    Other(&'static str),
}

impl Value {
    /// The type in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Boolean(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

impl Node {
    /// An empty table at the start of a text.
    pub fn empty(source: SourceId) -> Self {
        Self { source, key: 0..0, span: 0..0, value: Value::Table(BTreeMap::new()) }
    }

    /// The value at a path.
    pub fn at(&self, path: &KeyPath) -> Option<&Self> {
        let mut node = self;
        for step in path.steps() {
            node = node.child(step)?;
        }
        Some(node)
    }

    /// The value at a path, to change it.
    pub fn at_mut(&mut self, path: &KeyPath) -> Option<&mut Self> {
        let mut node = self;
        for step in path.steps() {
            node = match (&mut node.value, step) {
                (Value::Table(entries), Step::Key(key)) => entries.get_mut(key)?,
                (Value::List(items), Step::Item(number)) => items.get_mut(*number)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// The value one step below.
    pub fn child(&self, step: &Step) -> Option<&Self> {
        match (&self.value, step) {
            (Value::Table(entries), Step::Key(key)) => entries.get(key),
            (Value::List(items), Step::Item(number)) => items.get(*number),
            _ => None,
        }
    }

    /// The entries, where this is a table.
    pub fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, where this is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}
