//! Secrets of a document: taken out before anybody sees it, put back when it is applied again.
//!
//! Secret are the node's own key, what workloads are given as secrets, and passwords of registries. Texts are handed
//! out whether they can be read or not, and labels and comments hold whatever people write, so all that looks like a
//! private key is taken out as well, and so are addresses with a user, since a password goes with one.

use std::ops::Range;

use corten_document::{Format, KeyPath, Node, SourceId, Step, Value, Writer, literal, parse};

use crate::document::Document;
use crate::merged::{BOUNDS, SUBJECT};

/// What stands in place of a secret in a document that a node hands out. Applied again it means that the node keeps
/// the secret that it has.
pub const SECRET_KEPT: &str = "(kept by the node)";

/// The keys whose values are secrets whatever they are. `*` stands for any name.
const SECRETS: [&[&str]; 3] = [&["api", "key"], &["registries", "*", "password"], &["secrets", "*"]];

/// The keys whose values are addresses with a user where there is an `@` in them, however wrong they are otherwise.
const PROXIES: [&[&str]; 2] = [&["network", "proxy", "http"], &["network", "proxy", "https"]];

/// What the armour of every private key has in it.
const KEY_ARMOUR: &str = "PRIVATE KEY-----";

/// Whether a private key or an address with a user stands somewhere in a text.
pub(crate) fn looks_secret(text: &str) -> bool {
    let is_end = |c: char| c.is_whitespace() || c.is_control() || "/?#\"'`<>,".contains(c);
    let after = |(at, sign): (usize, &str)| text.get(at + sign.len()..)?.split(is_end).next();
    text.contains(KEY_ARMOUR) || text.match_indices("://").filter_map(after).any(|host| host.contains('@'))
}

/// Whether the value at a key is for nobody to see.
pub(crate) fn is_secret(path: &KeyPath, node: &Node) -> bool {
    if is_key(path, node) {
        return true;
    }
    match &node.value {
        Value::Text(text) => {
            let is_proxy = PROXIES.iter().any(|pattern| leads_to(path, pattern) == Some(Way::There));
            looks_secret(text) || is_proxy && text.contains('@')
        }
        Value::List(items) => items.iter().any(|item| is_secret(&KeyPath::root(), item)),
        Value::Table(entries) => entries.values().any(|node| is_secret(&KeyPath::root(), node)),
        Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => false,
    }
}

/// Puts [`SECRET_KEPT`] in place of every secret of a tree.
pub(crate) fn hide(tree: &mut Node) {
    hide_below(tree, &KeyPath::root());
}

fn hide_below(node: &mut Node, path: &KeyPath) {
    let is_whole = is_key(path, node) || !matches!(node.value, Value::Table(_) | Value::List(_));
    if is_whole && is_secret(path, node) {
        node.value = Value::Text(SECRET_KEPT.to_owned());
    }
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().for_each(|(key, node)| hide_below(node, &path.key(key))),
        Value::List(items) => {
            items.iter_mut().enumerate().for_each(|(n, node)| hide_below(node, &path.item(n)));
        }
        Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => {}
    }
}

/// Whether a value is that of a secret's key, or stands in place of the table in which secrets have their keys: whoever
/// wrote it meant a secret.
pub(crate) fn is_key(path: &KeyPath, node: &Node) -> bool {
    SECRETS.iter().any(|pattern| match leads_to(path, pattern) {
        Some(Way::There) => true,
        Some(Way::Towards) => !matches!(node.value, Value::Table(_)),
        None => false,
    })
}

/// How a path lies to a pattern that it is a part of.
#[derive(PartialEq, Eq)]
enum Way {
    /// At it or below.
    There,
    /// Above it.
    Towards,
}

fn leads_to(path: &KeyPath, pattern: &[&str]) -> Option<Way> {
    let mut steps = path.steps().iter().zip(pattern);
    let fits = steps.all(|(step, want)| matches!(step, Step::Key(key) if *want == "*" || key == want));
    match path.steps().len() {
        0 => None,
        _ if !fits => None,
        length if length < pattern.len() => Some(Way::Towards),
        _ => Some(Way::There),
    }
}

/// The document with [`SECRET_KEPT`] in place of each secret.
///
/// Comments and order are kept where that can be done without doubt; else the document is written anew from what it
/// says. Of a text that can't be read nothing is left but a comment that says so.
#[must_use]
pub fn redacted(document: &Document) -> Document {
    let with = |text: String| Document { text, ..document.clone() };
    let nothing = || with("# This document can't be read, and may hold secrets: it is not shown.\n".into());
    let Some(tree) = tree_of(document) else { return nothing() };
    let mut hidden = tree.clone();
    hide(&mut hidden);
    let spans = differences(&tree, &hidden);
    let replaced = with(replace(&document.text, spans.into_iter().map(|span| (span, literal(SECRET_KEPT)))));
    if is_same(&replaced, &hidden) && !looks_secret(&replaced.text) {
        return replaced;
    }
    let anew = written_anew(&hidden, document.format);
    // A name may look like a secret too; a document that can be used has none that does.
    if looks_secret(&anew) { nothing() } else { with(anew) }
}

/// The document with secrets of older ones where it says [`SECRET_KEPT`]; the last one that has it counts. What none
/// has stays as it is; as a key it is refused when the document is read.
#[must_use]
pub fn with_kept_secrets(new: &Document, old: &[Document]) -> Document {
    let Some(tree) = tree_of(new) else { return new.clone() };
    let older: Vec<Node> = old.iter().rev().filter_map(tree_of).collect();
    let mut filled = tree.clone();
    fill_below(&mut filled, &KeyPath::root(), &older);
    let spans = differences(&tree, &filled).into_iter().map(|span| {
        let text = text_at(&filled, &span).unwrap_or_default();
        (span, literal(text))
    });
    let replaced = Document { text: replace(&new.text, spans), ..new.clone() };
    if is_same(&replaced, &filled) {
        return replaced;
    }
    Document { text: written_anew(&filled, new.format), ..new.clone() }
}

/// A list of which something was taken out is put back as a whole if it is as it was handed out. Else its items stay as
/// they are: which is which is not known any more.
fn fill_below(node: &mut Node, path: &KeyPath, older: &[Node]) {
    if node.text() == Some(SECRET_KEPT) {
        let is_kept =
            |old: &&Node| old.text().is_some_and(|text| text != SECRET_KEPT) && is_secret(path, old);
        if let Some(old) = older.iter().filter_map(|tree| tree.at(path)).find(is_kept) {
            node.value = old.value.clone();
        }
        return;
    }
    let was_hidden_in = matches!(node.value, Value::List(_)) && holds_kept(node);
    match &mut node.value {
        Value::Table(entries) => {
            for (key, node) in entries {
                fill_below(node, &path.key(key), older);
            }
        }
        Value::List(_) if was_hidden_in => {
            let handed_out = |old: &&Node| {
                let mut hidden = (*old).clone();
                hide_below(&mut hidden, path);
                has_values_of(&hidden, node) && !has_values_of(old, node)
            };
            if let Some(old) = older.iter().filter_map(|tree| tree.at(path)).find(handed_out) {
                put_back(node, old);
            }
        }
        Value::List(_) | Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => {}
    }
}

/// The values of another tree of the same form, at the places of this one.
fn put_back(node: &mut Node, old: &Node) {
    match (&mut node.value, &old.value) {
        (Value::Table(entries), Value::Table(old)) => {
            for (key, node) in entries {
                old.get(key).into_iter().for_each(|old| put_back(node, old));
            }
        }
        (Value::List(items), Value::List(old)) => {
            items.iter_mut().zip(old).for_each(|(node, old)| put_back(node, old));
        }
        (value, old) => *value = old.clone(),
    }
}

/// Whether something was taken out of a value.
fn holds_kept(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text == SECRET_KEPT,
        Value::List(items) => items.iter().any(holds_kept),
        Value::Table(entries) => entries.values().any(holds_kept),
        Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => false,
    }
}

fn tree_of(document: &Document) -> Option<Node> {
    parse(&document.source(), SourceId(0), BOUNDS, SUBJECT).ok()
}

/// Where values of `other` are not those of `tree`, of which it is a copy but for them.
fn differences(tree: &Node, other: &Node) -> Vec<Range<usize>> {
    match (&tree.value, &other.value) {
        (Value::Table(a), Value::Table(b)) => {
            a.iter().filter_map(|(key, node)| Some(differences(node, b.get(key)?))).flatten().collect()
        }
        (Value::List(a), Value::List(b)) => a.iter().zip(b).flat_map(|(a, b)| differences(a, b)).collect(),
        (a, b) if a == b => Vec::new(),
        _ => vec![tree.span.clone()],
    }
}

fn text_at<'n>(node: &'n Node, span: &Range<usize>) -> Option<&'n str> {
    match &node.value {
        Value::Text(text) if node.span == *span => Some(text),
        Value::Table(entries) => entries.values().find_map(|node| text_at(node, span)),
        Value::List(items) => items.iter().find_map(|node| text_at(node, span)),
        _ => None,
    }
}

/// The text with others in place of parts of it.
fn replace(text: &str, parts: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let mut parts: Vec<(Range<usize>, String)> = parts.collect();
    parts.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, new) in parts {
        if text.get(span.clone()).is_some() {
            text.replace_range(span, &new);
        }
    }
    text
}

/// Whether a text says what a tree says.
fn is_same(document: &Document, tree: &Node) -> bool {
    tree_of(document).is_some_and(|other| has_values_of(&other, tree))
}

fn has_values_of(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Table(a), Value::Table(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((a_key, a), (b_key, b))| a_key == b_key && has_values_of(a, b))
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| has_values_of(a, b))
        }
        (a, b) => a == b,
    }
}

/// A tree as a text of its own. JSON is YAML.
fn written_anew(tree: &Node, format: Format) -> String {
    let mut tree = tree.clone();
    say_kinds(&mut tree);
    match format {
        Format::Toml => Writer { order: &["version"], comment: &|_, _| String::new() }.write(&tree),
        Format::Yaml => format!("{:#}\n", json(&tree)),
    }
}

/// Dates and fractions, which no key takes, become words. Else a text could not be read again.
fn say_kinds(node: &mut Node) {
    match &mut node.value {
        Value::Other(kind) => node.value = Value::Text((*kind).to_owned()),
        Value::List(items) => items.iter_mut().for_each(say_kinds),
        Value::Table(entries) => entries.values_mut().for_each(say_kinds),
        Value::Text(_) | Value::Integer(_) | Value::Boolean(_) => {}
    }
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Boolean(value) => (*value).into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Table(entries) => {
            serde_json::Value::Object(entries.iter().map(|(key, node)| (key.clone(), json(node))).collect())
        }
        Value::Other(_) => serde_json::Value::Null,
    }
}
