//! Texts of documents with `*` over their secrets, byte for byte, for those who show lines of them: every place stays
//! where it is.

use std::collections::BTreeSet;
use std::ops::Range;

use corten_document::{Format, KeyPath, Node, Source, SourceId, Value, parse};

use crate::merged::{BOUNDS, SUBJECT};
use crate::secrets::{is_key, is_secret, looks_secret};

/// Keys that may hold a secret, wherever they stand on a line.
const KEYS: [&str; 5] = ["key", "password", "http", "https", "secrets"];

/// The text without its secrets. `told` are the places that complaints point at: of a text that can't be read nobody
/// can say what is a secret, and so the values on those lines alone are shown, but for those of secret keys.
pub(crate) fn masked(source: &Source, told: &[Range<usize>]) -> Source {
    let mut bytes = source.text.as_bytes().to_vec();
    let tree = parse(source, SourceId(0), BOUNDS, SUBJECT);
    if let Ok(tree) = &tree {
        mask_below(tree, &KeyPath::root(), &mut bytes);
    }
    let text = text_of(&bytes);
    // Comments hold whatever people write.
    if tree.is_err() || looks_secret(&text) {
        mask_lines(&text, source.format, told, &mut bytes);
    }
    Source::new(source.name.clone(), source.format, text_of(&bytes))
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Lines stay lines.
fn mask(bytes: &mut [u8], span: Range<usize>) {
    let bytes = bytes.get_mut(span).into_iter().flatten();
    bytes.filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b'*');
}

fn mask_below(node: &Node, path: &KeyPath, bytes: &mut [u8]) {
    let is_secret = match node.value {
        // Its values are secret, each in its place.
        Value::Table(_) => false,
        Value::List(_) => is_key(path, node),
        _ => is_secret(path, node),
    };
    if is_secret {
        mask(bytes, node.span.clone());
    }
    match &node.value {
        Value::Table(entries) => {
            for (key, node) in entries {
                mask_below(node, &path.key(key), bytes);
            }
        }
        Value::List(items) => {
            for (n, node) in items.iter().enumerate() {
                mask_below(node, &path.item(n), bytes);
            }
        }
        Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => {}
    }
}

/// Masks by what lines look like: all between the armour of a key and in tables of secrets, and every value that is
/// not `told`.
fn mask_lines(text: &str, format: Format, told: &[Range<usize>], bytes: &mut [u8]) {
    let line_of = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    let told: BTreeSet<usize> = told.iter().map(|span| line_of(span.start)).collect();
    let (mut is_armour, mut secrets, mut start) = (false, None, 0);
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let is_header = format == Format::Toml && content.starts_with('[');
        let value = content.find(['=', ':']).map_or(0, |at| at + 1);
        is_armour |= content.contains("-----BEGIN");
        let leaves = |deep: usize| match format {
            Format::Toml => is_header,
            Format::Yaml => !content.is_empty() && indent <= deep,
        };
        secrets = secrets.filter(|deep| !leaves(*deep));
        let is_key = content.split(|c: char| !c.is_alphanumeric()).any(|word| KEYS.contains(&word));
        if is_armour || secrets.is_some() || looks_secret(line) {
            mask(bytes, start..end);
        } else if !is_header && (is_key || !told.contains(&n)) {
            mask(bytes, start + indent + value..end);
        }
        if content.starts_with("[secrets") || content.starts_with("secrets") {
            secrets = Some(indent);
        }
        is_armour &= !content.contains("-----END");
        start = end;
    }
}
