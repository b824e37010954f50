//! The merged recipe as TOML, with a comment on each value that says where it was written.

use std::fmt::Write as _;

use crate::key::quoted;
use crate::load::Merged;
use crate::node::{Node, Value};
use crate::origins::Part;

/// The tables of a recipe in the order in which a person reads them.
const ORDER: [&str; 13] = [
    "archive",
    "kernel",
    "packages",
    "scripts",
    "directories",
    "files",
    "links",
    "users",
    "groups",
    "services",
    "sysctl",
    "image",
    "secure-boot",
];

/// Column of the comments, where the value leaves room.
const COMMENT_COLUMN: usize = 72;

impl Merged {
    /// The merged recipe as TOML. It is a recipe again, one that extends nothing.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let Some(entries) = self.origins.tree().entries() else { return text };
        for key in ["name", "version", "description"] {
            if let Some(node) = entries.get(key) {
                self.pair(&mut text, key, node);
            }
        }
        for key in ORDER {
            if let Some(node) = entries.get(key) {
                self.table(&mut text, key, node);
            }
        }
        text
    }

    fn table(&self, text: &mut String, path: &str, node: &Node) {
        let Some(entries) = node.entries() else { return };
        let is_table = |node: &Node| node.entries().is_some();
        if entries.is_empty() || entries.values().any(|node| !is_table(node)) {
            let comment = if entries.is_empty() { self.comment(node, Part::Key) } else { String::new() };
            let header = format!("[{path}]");
            let _ = write!(text, "\n{}", with_comment(&header, &comment));
        }
        for (key, node) in entries.iter().filter(|(_, node)| !is_table(node)) {
            self.pair(text, key, node);
        }
        for (key, node) in entries.iter().filter(|(_, node)| is_table(node)) {
            self.table(text, &format!("{path}.{}", quoted(key)), node);
        }
    }

    fn pair(&self, text: &mut String, key: &str, node: &Node) {
        let key = quoted(key);
        match &node.value {
            Value::List(items) if items.len() > 1 && items.iter().any(|item| item.source != node.source) => {
                self.long_list(text, &key, items);
            }
            Value::List(items)
                if items.iter().map(|item| plain(&item.value).len() + 2).sum::<usize>() > 90 =>
            {
                self.long_list(text, &key, items);
            }
            value => {
                let pair = format!("{key} = {}", plain(value));
                text.push_str(&with_comment(&pair, &self.comment(node, Part::Value)));
            }
        }
    }

    fn long_list(&self, text: &mut String, key: &str, items: &[Node]) {
        let _ = writeln!(text, "{key} = [");
        for item in items {
            let line = format!("    {},", plain(&item.value));
            text.push_str(&with_comment(&line, &self.comment(item, Part::Value)));
        }
        text.push_str("]\n");
    }

    fn comment(&self, node: &Node, part: Part) -> String {
        self.origins.place(node, part).map(|origin| format!("# {origin}")).unwrap_or_default()
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

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| plain(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        // Neither can stand here: tables are written by their header, and no key takes the rest.
        Value::Table(_) | Value::Other(_) => String::new(),
    }
}
