//! The values of a configuration one by one, a list being one value.

use corten_document::{KeyPath, Node, Value, inline};

use crate::secrets::is_secret;

/// What stands for a secret that is shown to somebody.
const SECRET: &str = "(secret)";

/// Every value with its key, in the order of keys. A list is one value, and so is a table that holds nothing.
pub(crate) fn leaves(tree: &Node) -> Vec<(KeyPath, &Node)> {
    let mut found = Vec::new();
    collect(tree, &KeyPath::root(), &mut found);
    found
}

fn collect<'n>(node: &'n Node, path: &KeyPath, found: &mut Vec<(KeyPath, &'n Node)>) {
    match &node.value {
        Value::Table(entries) if !entries.is_empty() => {
            for (key, node) in entries {
                collect(node, &path.key(key), found);
            }
        }
        Value::Table(_) if path.steps().is_empty() => {}
        _ => found.push((path.clone(), node)),
    }
}

/// A value as TOML on one line, for anybody to see.
pub(crate) fn shown(path: &KeyPath, node: &Node) -> String {
    if is_secret(path, node) { SECRET.to_owned() } else { inline(&node.value) }
}
