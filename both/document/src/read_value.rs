//! Reads single values, lists and maps: what [`Table`] is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::key::{KeyPath, shown_key};
use crate::literal::{SHOWN, literal, shown};
use crate::node::{Node, Value};
use crate::problem::Problem;
use crate::read::{Read, Table};
use crate::sink::{Hint, Sink};
use crate::value::BadValue;
use crate::write::inline;

pub(crate) fn wrong_type(node: &Node, key: KeyPath, expected: &str, sink: &Sink<'_>) {
    let problem = Problem::WrongType { key, found: node.value.kind().into(), expected: expected.into() };
    sink.put(&problem, node, &node.span, Hint::new(node.value.kind()));
}

pub(crate) fn read_table<T: Read>(node: &Node, path: KeyPath, sink: &Sink<'_>) -> Option<T> {
    let Some(entries) = node.entries() else {
        wrong_type(node, path, "a table", sink);
        return None;
    };
    let mut table = Table { node, entries, path, known: Vec::new(), sink };
    let value = T::read(&mut table);
    table.complain_about_unknown_keys();
    Some(value)
}

pub(crate) fn read_text<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: KeyPath,
    sink: &Sink<'_>,
) -> Option<T> {
    read_text_as(node, path, sink, shown)
}

/// What is wrong is said without the text.
pub(crate) fn read_secret<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: KeyPath,
    sink: &Sink<'_>,
) -> Option<T> {
    read_text_as(node, path, sink, |_| "something else".into())
}

fn read_text_as<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: KeyPath,
    sink: &Sink<'_>,
    shown: fn(&str) -> String,
) -> Option<T> {
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
            let value = shown(text);
            let hint = Hint::meant(format!("`{path}`"), bad.meant.as_deref());
            let problem = Problem::BadValue { key: path, value, expected: bad.expected };
            sink.put(&problem, node, &node.span, hint);
            None
        }
    }
}

/// The same of one key alone, where a number with a fraction and a boolean are likely meant as what they say.
pub(crate) fn read_one_setting<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: KeyPath,
    sink: &Sink<'_>,
) -> Option<T> {
    let is_word = matches!(node.value, Value::Boolean(_) | Value::Other(_));
    let meant = sink.text_of(node).filter(|text| is_word && text.len() <= SHOWN && text.parse::<T>().is_ok());
    let Some(meant) = meant else { return read_setting(node, path, sink) };
    let expected = "a string or an integer".into();
    let help = Some(format!("write it as text: {}", literal(meant)));
    let problem = Problem::WrongType { key: path, found: node.value.kind().into(), expected };
    sink.put(&problem, node, &node.span, Hint { label: node.value.kind().into(), help });
    None
}

pub(crate) fn read_setting<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: KeyPath,
    sink: &Sink<'_>,
) -> Option<T> {
    match &node.value {
        Value::Integer(number) => match number.to_string().parse() {
            Ok(value) => Some(value),
            Err(bad) => {
                let bad: BadValue = bad;
                let hint = Hint::new(format!("`{path}`"));
                let problem =
                    Problem::BadValue { key: path, value: number.to_string(), expected: bad.expected };
                sink.put(&problem, node, &node.span, hint);
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

pub(crate) fn read_texts<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: &KeyPath,
    sink: &Sink<'_>,
) -> Option<Vec<T>> {
    let items = items(node, path, "a list of strings", sink)?;
    Some(read_each(items, path, sink, read_text))
}

pub(crate) fn read_settings<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: &KeyPath,
    sink: &Sink<'_>,
) -> Option<Vec<T>> {
    let items = items(node, path, "a list of strings and integers", sink)?;
    Some(read_each(items, path, sink, read_setting))
}

pub(crate) fn read_command<T: FromStr<Err = BadValue>>(
    node: &Node,
    path: &KeyPath,
    sink: &Sink<'_>,
) -> Option<Vec<T>> {
    let items = items(node, path, "a list of strings", sink)?.iter().enumerate();
    Some(items.filter_map(|(n, item)| read_text(item, path.item(n), sink)).collect())
}

pub(crate) fn read_table_list<T: Read>(node: &Node, path: &KeyPath, sink: &Sink<'_>) -> Option<Vec<T>> {
    let items = items(node, path, "a list of tables", sink)?.iter().enumerate();
    Some(items.filter_map(|(n, item)| read_table(item, path.item(n), sink)).collect())
}

fn items<'n>(node: &'n Node, path: &KeyPath, expected: &str, sink: &Sink<'_>) -> Option<&'n [Node]> {
    if let Value::List(items) = &node.value {
        return Some(items);
    }
    wrong_type(node, path.clone(), expected, sink);
    None
}

/// Reads items of which each may stand there once.
fn read_each<T>(
    items: &[Node],
    path: &KeyPath,
    sink: &Sink<'_>,
    read: impl Fn(&Node, KeyPath, &Sink<'_>) -> Option<T>,
) -> Vec<T> {
    let mut seen: BTreeSet<(Option<&str>, Option<i64>)> = BTreeSet::new();
    let mut values = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let first = match &item.value {
            Value::Text(text) => seen.insert((Some(text), None)),
            Value::Integer(number) => seen.insert((None, Some(*number))),
            _ => true,
        };
        if !first {
            let value = item.text().map_or_else(|| inline(&item.value), shown);
            let problem = Problem::Duplicate { key: path.clone(), value };
            sink.put(&problem, item, &item.span, Hint::new("the second one"));
            continue;
        }
        values.extend(read(item, path.item(n), sink));
    }
    values
}

pub(crate) fn read_map<K, V>(
    node: &Node,
    path: &KeyPath,
    sink: &Sink<'_>,
    read: impl Fn(&Node, KeyPath, &Sink<'_>) -> Option<V>,
) -> Option<BTreeMap<K, V>>
where
    K: FromStr<Err = BadValue> + Ord,
{
    let Some(entries) = node.entries() else {
        wrong_type(node, path.clone(), "a table", sink);
        return None;
    };
    let mut map = BTreeMap::new();
    for (name, entry) in entries {
        let value = read(entry, path.key(name), sink);
        match name.parse() {
            Ok(name) => map.extend(value.map(|value| (name, value))),
            Err(bad) => {
                let bad: BadValue = bad;
                let problem = Problem::BadKey {
                    table: path.clone(),
                    name: format!("`{}`", shown_key(name)),
                    expected: bad.expected,
                };
                let hint = Hint::meant(format!("in `{path}`"), bad.meant.as_deref());
                sink.put(&problem, entry, &entry.key, hint);
            }
        }
    }
    Some(map)
}
