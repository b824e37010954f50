//! What differs between two configurations.

use std::collections::BTreeMap;

use corten_document::{KeyPath, Step, Value, inline};

use crate::leaves::{leaves, shown};
use crate::merged::Merged;

/// A key whose value differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key as TOML writes it. A list is one value.
    pub key: String,
    /// The value before as TOML on one line, a secret as `(secret)`; `None` where there was none.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// A value as it is compared, and as it is shown.
struct Side {
    real: String,
    shown: String,
}

/// The keys whose values differ, in order. Without a configuration before every key is new. Where a value is written
/// does not matter, nor does in which language.
pub fn changes(before: Option<&Merged>, after: &Merged) -> Vec<Change> {
    let mut keys: BTreeMap<KeyPath, (Option<Side>, Option<Side>)> = BTreeMap::new();
    for (path, side) in before.map(sides).unwrap_or_default() {
        keys.entry(path).or_default().0 = Some(side);
    }
    for (path, side) in sides(after) {
        keys.entry(path).or_default().1 = Some(side);
    }
    keys.into_iter()
        .filter(|(_, (before, after))| {
            before.as_ref().map(|side| &side.real) != after.as_ref().map(|side| &side.real)
        })
        .map(|(path, (before, after))| Change {
            key: path.to_string(),
            before: before.map(|side| side.shown),
            after: after.map(|side| side.shown),
        })
        .collect()
}

fn sides(merged: &Merged) -> Vec<(KeyPath, Side)> {
    let mut sides = Vec::new();
    for (path, node) in leaves(merged.tree()) {
        let empty = matches!(&node.value, Value::Table(entries) if entries.is_empty());
        // A table of settings that holds none says nothing; a link that holds none is a link, and a registry that holds
        // none is not one of those that are not named.
        let is_registry = path.steps().first() == Some(&Step::Key("registries".to_owned()));
        let named = if is_registry { 2 } else { 3 };
        if empty && path.steps().len() < named {
            continue;
        }
        sides.push((path.clone(), Side { real: inline(&node.value), shown: shown(&path, node) }));
    }
    sides
}
