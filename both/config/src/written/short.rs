//! Short forms, written out: the value of a variable may be a text where a table could stand. A reader is shown the
//! table alone; what is kept, merged and shown to people is what they wrote.

use std::borrow::Cow;
use std::collections::BTreeMap;

use corten_document::{Node, Value};

/// The key that a text alone stands for.
const TEXT: &str = "text";

/// The tree with every short form written out. All places stay as they are.
pub(crate) fn written_out(tree: &Node) -> Cow<'_, Node> {
    if tree.entries().is_none_or(|entries| !entries.contains_key("workloads")) {
        return Cow::Borrowed(tree);
    }
    let mut tree = tree.clone();
    for workload in below(&mut tree, "workloads") {
        for container in below(workload, "containers") {
            below(container, "environment").for_each(write_out);
        }
    }
    Cow::Owned(tree)
}

/// The values of the table at a key.
fn below<'n>(node: &'n mut Node, key: &str) -> impl Iterator<Item = &'n mut Node> {
    let table = entries(node).and_then(|entries| entries.get_mut(key)).and_then(entries);
    table.into_iter().flat_map(BTreeMap::values_mut)
}

fn entries(node: &mut Node) -> Option<&mut BTreeMap<String, Node>> {
    match &mut node.value {
        Value::Table(entries) => Some(entries),
        _ => None,
    }
}

fn write_out(node: &mut Node) {
    if !matches!(node.value, Value::Table(_)) {
        node.value = Value::Table(BTreeMap::from([(TEXT.to_owned(), node.clone())]));
    }
}
