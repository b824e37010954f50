//! Reads tables into types and collects everything that is wrong with them, instead of stopping at the first.
//!
//! A type asks its [`Table`] for each key by name. What nobody asked for is an unknown key, so the names that a
//! type asks for are the only list of keys there is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::diagnostic::{Diagnostic, Problem};
use crate::key::{KeyPath, quoted};
use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::source::{Origin, Source};
use crate::types::BadValue;

/// A type that is read from a table.
pub(crate) trait Read: Sized {
    /// Reads the keys. What is wrong goes to the table's sink and is left out of the value.
    fn read(table: &mut Table<'_>) -> Self;
}

/// Takes the complaints of one reading.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    sources: &'a [Source],
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(sources: &'a [Source]) -> Self {
        Self { sources, diagnostics: RefCell::default() }
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    fn put(&self, problem: Problem, node: &Node, span: &std::ops::Range<usize>, hint: Hint) {
        let mut diagnostic = Diagnostic::from(problem).with_label(hint.label);
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
struct Hint {
    label: String,
    help: Option<String>,
}

impl Hint {
    fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), help: None }
    }

    fn meant(label: impl Into<String>, meant: Option<&str>) -> Self {
        Self { label: label.into(), help: meant.map(|meant| format!("did you mean `{meant}`?")) }
    }
}

/// A table while it is read.
pub(crate) struct Table<'a> {
    node: &'a Node,
    entries: &'a BTreeMap<String, Node>,
    path: KeyPath,
    known: Vec<&'static str>,
    sink: &'a Sink<'a>,
}

/// Reads a whole recipe.
pub(crate) fn read<T: Read>(node: &Node, sink: &Sink<'_>) -> Option<T> {
    read_table(node, KeyPath::root(), sink)
}

fn read_table<T: Read>(node: &Node, path: KeyPath, sink: &Sink<'_>) -> Option<T> {
    let Some(entries) = node.entries() else {
        wrong_type(node, path, "a table", sink);
        return None;
    };
    let mut table = Table { node, entries, path, known: Vec::new(), sink };
    let value = T::read(&mut table);
    table.complain_about_unknown_keys();
    Some(value)
}

fn wrong_type(node: &Node, key: KeyPath, expected: &str, sink: &Sink<'_>) {
    let problem = Problem::WrongType { key, found: node.value.kind().into(), expected: expected.into() };
    sink.put(problem, node, &node.span, Hint::new(node.value.kind()));
}

fn read_text<T: FromStr<Err = BadValue>>(node: &Node, path: KeyPath, sink: &Sink<'_>) -> Option<T> {
    let Value::Text(text) = &node.value else {
        let expected = match "".parse::<T>() {
            Ok(_) => "a string".to_owned(),
            Err(bad) => format!("a string: {}", bad.expected),
        };
        wrong_type(node, path, &expected, sink);
        return None;
    };
    match text.parse() {
        Ok(value) => Some(value),
        Err(bad) => {
            let value = toml::Value::String(text.clone()).to_string();
            let hint = Hint::meant(format!("`{path}`"), bad.meant.as_deref());
            sink.put(Problem::BadValue { key: path, value, expected: bad.expected }, node, &node.span, hint);
            None
        }
    }
}

fn read_setting<T: FromStr<Err = BadValue>>(node: &Node, path: KeyPath, sink: &Sink<'_>) -> Option<T> {
    match &node.value {
        Value::Integer(number) => match number.to_string().parse() {
            Ok(value) => Some(value),
            Err(bad) => {
                let bad: BadValue = bad;
                let hint = Hint::new(format!("`{path}`"));
                let problem =
                    Problem::BadValue { key: path, value: number.to_string(), expected: bad.expected };
                sink.put(problem, node, &node.span, hint);
                None
            }
        },
        Value::Text(_) => read_text(node, path, sink),
        _ => {
            wrong_type(node, path, "a string or an integer", sink);
            None
        }
    }
}

impl<'a> Table<'a> {
    fn get(&mut self, key: &'static str) -> Option<(&'a Node, KeyPath)> {
        self.known.push(key);
        self.entries.get(key).map(|node| (node, self.path.key(key)))
    }

    /// A string that has a form.
    pub(crate) fn text<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_text(node, path, self.sink)
    }

    /// A string that must be there.
    pub(crate) fn required<T: FromStr<Err = BadValue>>(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<T> {
        if !self.entries.contains_key(key) {
            self.known.push(key);
            let hint =
                Hint { label: "in this recipe".into(), help: Some(format!("add `{key} = \"{example}\"`")) };
            self.sink.put(Problem::Missing(self.path.key(key)), self.node, &self.node.span, hint);
            return None;
        }
        self.text(key)
    }

    /// A list of strings, each once.
    pub(crate) fn texts<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let (node, path) = self.get(key)?;
        let items = self.items(node, &path)?;
        let mut seen: BTreeMap<&str, &Node> = BTreeMap::new();
        let mut values = Vec::with_capacity(items.len());
        for (n, item) in items.iter().enumerate() {
            if let Value::Text(text) = &item.value
                && seen.insert(text, item).is_some()
            {
                let value = toml::Value::String(text.clone()).to_string();
                let problem = Problem::Duplicate { key: path.clone(), value };
                self.sink.put(problem, item, &item.span, Hint::new("the second one"));
                continue;
            }
            values.extend(read_text(item, path.item(n), self.sink));
        }
        Some(values)
    }

    /// The program and the arguments of a command. An argument may stand in it twice.
    pub(crate) fn command<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let (node, path) = self.get(key)?;
        let items = self.items(node, &path)?;
        Some(
            items
                .iter()
                .enumerate()
                .filter_map(|(n, item)| read_text(item, path.item(n), self.sink))
                .collect(),
        )
    }

    fn items(&self, node: &'a Node, path: &KeyPath) -> Option<&'a [Node]> {
        if let Value::List(items) = &node.value {
            return Some(items);
        }
        wrong_type(node, path.clone(), "a list of strings", self.sink);
        None
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let (node, path) = self.get(key)?;
        if let Value::Boolean(value) = node.value {
            return Some(value);
        }
        wrong_type(node, path, "`true` or `false`", self.sink);
        None
    }

    /// An integer of a range.
    pub(crate) fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let (node, path) = self.get(key)?;
        match node.value {
            Value::Integer(number) if range.contains(&number) => Some(number),
            Value::Integer(number) => {
                let expected = format!("{} to {}", range.start(), range.end());
                let hint = Hint::new(format!("`{path}`"));
                let problem = Problem::BadValue { key: path, value: number.to_string(), expected };
                self.sink.put(problem, node, &node.span, hint);
                None
            }
            _ => {
                wrong_type(node, path, "an integer", self.sink);
                None
            }
        }
    }

    /// A table.
    pub(crate) fn table<T: Read>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_table(node, path, self.sink)
    }

    /// A table whose keys name what its tables describe.
    pub(crate) fn tables<K, T>(&mut self, key: &'static str) -> Option<BTreeMap<K, T>>
    where
        K: FromStr<Err = BadValue> + Ord,
        T: Read,
    {
        self.map(key, read_table)
    }

    /// A table whose keys name what its strings say.
    pub(crate) fn text_map<K, V>(&mut self, key: &'static str) -> Option<BTreeMap<K, V>>
    where
        K: FromStr<Err = BadValue> + Ord,
        V: FromStr<Err = BadValue>,
    {
        self.map(key, read_text)
    }

    /// A string or an integer that has a form.
    pub(crate) fn setting<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_setting(node, path, self.sink)
    }

    /// A table whose values are strings or integers.
    pub(crate) fn setting_map<K, V>(&mut self, key: &'static str) -> Option<BTreeMap<K, V>>
    where
        K: FromStr<Err = BadValue> + Ord,
        V: FromStr<Err = BadValue>,
    {
        self.map(key, read_setting)
    }

    fn map<K, V>(
        &mut self,
        key: &'static str,
        read: impl Fn(&Node, KeyPath, &Sink<'_>) -> Option<V>,
    ) -> Option<BTreeMap<K, V>>
    where
        K: FromStr<Err = BadValue> + Ord,
    {
        let (node, path) = self.get(key)?;
        let Some(entries) = node.entries() else {
            wrong_type(node, path, "a table", self.sink);
            return None;
        };
        let mut map = BTreeMap::new();
        for (name, entry) in entries {
            let value = read(entry, path.key(name), self.sink);
            match name.parse() {
                Ok(name) => map.extend(value.map(|value| (name, value))),
                Err(bad) => {
                    let bad: BadValue = bad;
                    let problem = Problem::BadKey {
                        table: path.clone(),
                        name: format!("`{}`", quoted(name)),
                        expected: bad.expected,
                    };
                    let hint = Hint::meant(format!("in `{path}`"), bad.meant.as_deref());
                    self.sink.put(problem, entry, &entry.key, hint);
                }
            }
        }
        Some(map)
    }

    fn complain_about_unknown_keys(&self) {
        for (name, node) in self.entries.iter().filter(|(name, _)| !self.known.contains(&name.as_str())) {
            let close = nearest(name, self.known.iter().copied());
            let place = self.path.to_string();
            let label = if place.is_empty() {
                "not a key of a recipe".into()
            } else {
                format!("not a key of `{place}`")
            };
            let hint = match close {
                Some(_) => Hint::meant(label, close),
                None => Hint { label, help: Some(format!("the keys here are {}", list(&self.known))) },
            };
            self.sink.put(Problem::UnknownKey(self.path.key(name)), node, &node.key, hint);
        }
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
