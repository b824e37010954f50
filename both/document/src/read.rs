//! Reads tables into types and collects everything that is wrong with them, instead of stopping at the first.
//!
//! A type asks its [`Table`] for each key by name. What nobody asked for is an unknown key, so the names that a
//! type asks for are the only list of keys there is.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::format::Format;
use crate::key::KeyPath;
use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::problem::Problem;
use crate::read_value::{
    read_command, read_map, read_one_setting, read_secret, read_setting, read_settings, read_table,
    read_table_list, read_text, read_texts, wrong_type,
};
use crate::sink::{Hint, Sink};
use crate::value::BadValue;

/// A type that is read from a table.
pub trait Read: Sized {
    /// Reads the keys. What is wrong goes to the table's sink and is left out of the value.
    fn read(table: &mut Table<'_>) -> Self;
}

/// A table while it is read.
#[derive(Debug)]
pub struct Table<'a> {
    pub(crate) node: &'a Node,
    pub(crate) entries: &'a BTreeMap<String, Node>,
    pub(crate) path: KeyPath,
    pub(crate) known: Vec<&'static str>,
    pub(crate) sink: &'a Sink<'a>,
}

/// Reads a whole document.
pub fn read<T: Read>(node: &Node, sink: &Sink<'_>) -> Option<T> {
    read_table(node, KeyPath::root(), sink)
}

impl<'a> Table<'a> {
    fn get(&mut self, key: &'static str) -> Option<(&'a Node, KeyPath)> {
        self.known.push(key);
        let node = self.entries.get(key)?;
        // A value in place of the table that it is short for has no key of its own.
        let is_short = node.span == self.node.span && node.entries().is_none();
        Some((node, if is_short { self.path.clone() } else { self.path.key(key) }))
    }

    /// A string that has a form.
    pub fn text<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_text(node, path, self.sink)
    }

    /// A string that has a form and that no complaint repeats.
    pub fn secret<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_secret(node, path, self.sink)
    }

    /// A string that must be there.
    pub fn required<T: FromStr<Err = BadValue>>(&mut self, key: &'static str, example: &str) -> Option<T> {
        self.demand(key, &format!("\"{example}\"")).then(|| self.text(key))?
    }

    /// An integer of a range that must be there; the example is its first.
    pub fn required_integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.demand(key, &range.start().to_string()).then(|| self.integer(key, range))?
    }

    fn demand(&mut self, key: &'static str, example: &str) -> bool {
        let there = self.entries.contains_key(key);
        if !there {
            self.known.push(key);
            let label = format!("in this {}", self.sink.subject.noun);
            let sign = if self.sink.format_of(self.node) == Some(Format::Yaml) { ":" } else { " =" };
            let hint = Hint { label, help: Some(format!("add `{key}{sign} {example}`")) };
            self.sink.put(&Problem::Missing(self.path.key(key)), self.node, &self.node.span, hint);
        }
        there
    }

    /// A list of strings, each once.
    pub fn texts<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let (node, path) = self.get(key)?;
        read_texts(node, &path, self.sink)
    }

    /// The program and the arguments of a command. An argument may stand in it twice.
    pub fn command<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let (node, path) = self.get(key)?;
        read_command(node, &path, self.sink)
    }

    /// A list of strings or integers, each once.
    pub fn settings<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let (node, path) = self.get(key)?;
        read_settings(node, &path, self.sink)
    }

    /// A list of tables.
    pub fn table_list<T: Read>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let (node, path) = self.get(key)?;
        read_table_list(node, &path, self.sink)
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let (node, path) = self.get(key)?;
        if let Value::Boolean(value) = node.value {
            return Some(value);
        }
        wrong_type(node, path, "`true` or `false`", self.sink);
        None
    }

    /// An integer of a range.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let (node, path) = self.get(key)?;
        match node.value {
            Value::Integer(number) if range.contains(&number) => Some(number),
            Value::Integer(number) => {
                let expected = if range.start() == range.end() {
                    range.start().to_string()
                } else {
                    format!("{} to {}", range.start(), range.end())
                };
                let hint = Hint::new(format!("`{path}`"));
                let problem = Problem::BadValue { key: path, value: number.to_string(), expected };
                self.sink.put(&problem, node, &node.span, hint);
                None
            }
            _ => {
                wrong_type(node, path, "an integer", self.sink);
                None
            }
        }
    }

    /// Whether a list stands at a key: for one that may be a list or something else.
    pub fn is_list(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|node| matches!(node.value, Value::List(_)))
    }

    /// A table.
    pub fn table<T: Read>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_table(node, path, self.sink)
    }

    /// A table whose keys name what its tables describe.
    pub fn tables<K, T>(&mut self, key: &'static str) -> Option<BTreeMap<K, T>>
    where
        K: FromStr<Err = BadValue> + Ord,
        T: Read,
    {
        let (node, path) = self.get(key)?;
        read_map(node, &path, self.sink, read_table)
    }

    /// A table whose keys name what its strings say.
    pub fn text_map<K, V>(&mut self, key: &'static str) -> Option<BTreeMap<K, V>>
    where
        K: FromStr<Err = BadValue> + Ord,
        V: FromStr<Err = BadValue>,
    {
        let (node, path) = self.get(key)?;
        read_map(node, &path, self.sink, read_text)
    }

    /// A table whose keys name what its lists of strings say.
    pub fn texts_map<K, V>(&mut self, key: &'static str) -> Option<BTreeMap<K, Vec<V>>>
    where
        K: FromStr<Err = BadValue> + Ord,
        V: FromStr<Err = BadValue>,
    {
        let (node, path) = self.get(key)?;
        read_map(node, &path, self.sink, |node, path, sink| read_texts(node, &path, sink))
    }

    /// A string or an integer that has a form.
    pub fn setting<T: FromStr<Err = BadValue>>(&mut self, key: &'static str) -> Option<T> {
        let (node, path) = self.get(key)?;
        read_one_setting(node, path, self.sink)
    }

    /// A table whose values are strings or integers.
    pub fn setting_map<K, V>(&mut self, key: &'static str) -> Option<BTreeMap<K, V>>
    where
        K: FromStr<Err = BadValue> + Ord,
        V: FromStr<Err = BadValue>,
    {
        let (node, path) = self.get(key)?;
        read_map(node, &path, self.sink, read_setting)
    }

    pub(crate) fn complain_about_unknown_keys(&self) {
        for (name, node) in self.entries.iter().filter(|(name, _)| !self.known.contains(&name.as_str())) {
            let close = nearest(name, self.known.iter().copied());
            let place = self.path.to_string();
            let label = if place.is_empty() {
                format!("not a key of a {}", self.sink.subject.noun)
            } else {
                format!("not a key of `{place}`")
            };
            let hint = match close {
                Some(_) => Hint::meant(label, close),
                None => Hint { label, help: Some(format!("the keys here are {}", list(&self.known))) },
            };
            self.sink.put(&Problem::UnknownKey(self.path.key(name)), node, &node.key, hint);
        }
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
