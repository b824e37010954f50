//! Keys of the items of lists: an item that could not be read is no value, and its number is taken all the same.

use std::collections::BTreeSet;
use std::str::FromStr;

use corten_document::{BadValue, Court, KeyPath, Node, Value};

/// The keys of those strings of a list that were read, in the order of their values.
pub(super) fn text_keys<T: FromStr<Err = BadValue>>(list: &KeyPath, court: &Court<'_>) -> Vec<KeyPath> {
    let mut seen = BTreeSet::new();
    let was_read =
        |item: &Node| item.text().is_some_and(|text| seen.insert(text.to_owned()) && fits::<T>(text));
    keys(list, court, was_read)
}

/// The same of strings and integers.
pub(super) fn setting_keys<T: FromStr<Err = BadValue>>(list: &KeyPath, court: &Court<'_>) -> Vec<KeyPath> {
    let mut seen = BTreeSet::new();
    let was_read = |item: &Node| match &item.value {
        Value::Text(text) => seen.insert((Some(text.clone()), None)) && fits::<T>(text),
        Value::Integer(number) => seen.insert((None, Some(*number))) && fits::<T>(&number.to_string()),
        _ => false,
    };
    keys(list, court, was_read)
}

/// The same of tables.
pub(super) fn table_keys(list: &KeyPath, court: &Court<'_>) -> Vec<KeyPath> {
    keys(list, court, |item| item.entries().is_some())
}

fn fits<T: FromStr<Err = BadValue>>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

fn keys(list: &KeyPath, court: &Court<'_>, mut was_read: impl FnMut(&Node) -> bool) -> Vec<KeyPath> {
    let Some(Value::List(items)) = court.origins.tree().at(list).map(|node| &node.value) else {
        return Vec::new();
    };
    let read = items.iter().enumerate().filter(|(_, item)| was_read(item));
    read.map(|(n, _)| list.item(n)).collect()
}
