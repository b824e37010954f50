//! A tree as TOML again, with room for a comment on each value.

use std::fmt::Write as _;

use crate::key::quoted;
use crate::literal::literal;
use crate::node::{Node, Value};
use crate::origins::Part;

/// Column of the comments, where the value leaves room.
const COMMENT_COLUMN: usize = 72;

/// Longest list on one line, characters.
const LIST: usize = 90;

/// Writes trees as TOML.
pub struct Writer<'a> {
    /// The keys of the top in the order in which a person reads them. Others follow by name.
    pub order: &'a [&'a str],
    /// The comment on a value or key, with its `#`; empty for none.
    pub comment: &'a dyn Fn(&Node, Part) -> String,
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("order", &self.order).finish_non_exhaustive()
    }
}

impl Writer<'_> {
    /// The tree as TOML.
    pub fn write(&self, tree: &Node) -> String {
        let mut text = String::new();
        let Some(entries) = tree.entries() else { return text };
        let place = |key: &str| self.order.iter().position(|known| *known == key).unwrap_or(usize::MAX);
        let mut sorted: Vec<(&String, &Node)> = entries.iter().collect();
        sorted.sort_by_key(|(key, _)| place(key));
        for (key, node) in sorted.iter().filter(|(_, node)| is_pair(node)) {
            self.pair(&mut text, key, node);
        }
        for (key, node) in sorted.iter().filter(|(_, node)| !is_pair(node)) {
            self.below(&mut text, &quoted(key), node);
        }
        text
    }

    fn below(&self, text: &mut String, path: &str, node: &Node) {
        match &node.value {
            Value::List(items) => {
                for item in items {
                    let _ = writeln!(text, "\n[[{path}]]");
                    for (key, node) in item.entries().into_iter().flatten() {
                        self.pair(text, key, node);
                    }
                }
            }
            _ => self.table(text, path, node),
        }
    }

    fn table(&self, text: &mut String, path: &str, node: &Node) {
        let Some(entries) = node.entries() else { return };
        if entries.is_empty() || entries.values().any(is_pair) {
            let comment = if entries.is_empty() { (self.comment)(node, Part::Key) } else { String::new() };
            let header = format!("[{path}]");
            let _ = write!(text, "\n{}", with_comment(&header, &comment));
        }
        for (key, node) in entries.iter().filter(|(_, node)| is_pair(node)) {
            self.pair(text, key, node);
        }
        for (key, node) in entries.iter().filter(|(_, node)| !is_pair(node)) {
            self.below(text, &format!("{path}.{}", quoted(key)), node);
        }
    }

    fn pair(&self, text: &mut String, key: &str, node: &Node) {
        let key = quoted(key);
        match &node.value {
            Value::List(items)
                if items.len() > 1 && items.iter().any(|item| item.source != node.source)
                    || items.iter().any(|item| item.text().is_some_and(|text| text.contains('\n'))) =>
            {
                self.long_list(text, &key, items);
            }
            Value::List(items)
                if items.iter().map(|item| inline(&item.value).len() + 2).sum::<usize>() > LIST =>
            {
                self.long_list(text, &key, items);
            }
            value => {
                let pair = format!("{key} = {}", plain(value));
                text.push_str(&with_comment(&pair, &(self.comment)(node, Part::Value)));
            }
        }
    }

    fn long_list(&self, text: &mut String, key: &str, items: &[Node]) {
        let _ = writeln!(text, "{key} = [");
        for item in items {
            let line = format!("    {},", plain(&item.value));
            text.push_str(&with_comment(&line, &(self.comment)(item, Part::Value)));
        }
        text.push_str("]\n");
    }
}

/// Whether an entry is written as `key = value`, as against under a header of its own.
fn is_pair(node: &Node) -> bool {
    match &node.value {
        Value::Table(_) => false,
        Value::List(items) => items.is_empty() || items.iter().any(|item| item.entries().is_none()),
        _ => true,
    }
}

fn with_comment(line: &str, comment: &str) -> String {
    // A comment after a text of several lines would stand far from its key.
    if comment.is_empty() || line.contains('\n') {
        return format!("{line}\n");
    }
    let gap = COMMENT_COLUMN.saturating_sub(line.chars().count()).max(2);
    format!("{line}{:gap$}{comment}\n", "")
}

/// A value as a person reads it best: a text of several lines on several lines.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        value => inline(value),
    }
}

/// A value as TOML on one line; empty for what TOML can't say.
pub fn inline(value: &Value) -> String {
    match value {
        Value::Text(text) => literal(text),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(entries) if entries.is_empty() => "{}".into(),
        Value::Table(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, node)| format!("{} = {}", quoted(key), inline(&node.value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Other(_) => String::new(),
    }
}
