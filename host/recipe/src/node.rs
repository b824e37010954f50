//! A recipe's text as a tree in which every value knows its place.
//!
//! Reading, merging and later complaints all work on this tree, so a value keeps its place through merging.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Problem};
use crate::key::{KeyPath, Step};
use crate::source::{Origin, Source};

/// Number of a text among the sources of one recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceId(pub(crate) u16);

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The text that it stands in.
    pub(crate) source: SourceId,
    /// The bytes of the key, or of the value where it has none.
    pub(crate) key: Range<usize>,
    /// The bytes of the value; of a table its header.
    pub(crate) span: Range<usize>,
    /// The value.
    pub(crate) value: Value,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// A value that no key of a recipe takes; its type in words.
    Other(&'static str),
}

impl Value {
    /// The type in words.
    pub(crate) fn kind(&self) -> &'static str {
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
    pub(crate) fn empty(source: SourceId) -> Self {
        Self { source, key: 0..0, span: 0..0, value: Value::Table(BTreeMap::new()) }
    }

    /// The value at a path.
    pub(crate) fn at(&self, path: &KeyPath) -> Option<&Self> {
        let mut node = self;
        for step in path.steps() {
            node = node.child(step)?;
        }
        Some(node)
    }

    /// The value one step below.
    pub(crate) fn child(&self, step: &Step) -> Option<&Self> {
        match (&self.value, step) {
            (Value::Table(entries), Step::Key(key)) => entries.get(key),
            (Value::List(items), Step::Item(number)) => items.get(*number),
            _ => None,
        }
    }

    /// The entries, where this is a table.
    pub(crate) fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }
}

/// Reads a text. The parser bounds the nesting, so the tree can be walked by recursion.
pub(crate) fn parse(source: &Source, id: SourceId) -> Result<Node, Vec<Diagnostic>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        let value = Value::Table(entries(table.into_inner(), id));
        return Ok(Node { source: id, key: 0..0, span: 0..0, value });
    }
    let mut problems: Vec<Diagnostic> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        // After the first error of a line the parser is guessing.
        let origin = Origin { source: source.clone(), span };
        if problems.iter().any(|known| known.origin().is_some_and(|known| known.line() == origin.line())) {
            continue;
        }
        let key = source.text.get(origin.span.clone()).unwrap_or_default();
        let problem = match error.message() {
            "duplicate key" if !key.is_empty() => Problem::DuplicateKey(format!("`{key}`")),
            message => Problem::Syntax(message.lines().collect::<Vec<_>>().join(", ")),
        };
        problems.push(Diagnostic::from(problem).with_origin(origin));
    }
    Err(problems)
}

fn entries(table: DeTable<'_>, id: SourceId) -> BTreeMap<String, Node> {
    table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            (key.into_inner().into_owned(), node(value, span, id))
        })
        .collect()
}

fn node(value: Spanned<DeValue<'_>>, key: Range<usize>, id: SourceId) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("an integer beyond 64 bits"),
        },
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::List(
            items
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    node(item, span, id)
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table, id)),
    };
    Node { source: id, key, span, value }
}
