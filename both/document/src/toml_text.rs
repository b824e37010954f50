//! TOML as a tree.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::node::{Node, Value};
use crate::parse::Error;
use crate::problem::Problem;
use crate::source::SourceId;

/// Reads a text. The library bounds the nesting.
pub(crate) fn parse(text: &str, id: SourceId) -> Result<Node, Vec<Error>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let value = Value::Table(entries(table.into_inner(), id));
        return Ok(Node { source: id, key: 0..0, span: 0..0, value });
    }
    let error = |error: toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        let key = text.get(span.clone()).unwrap_or_default();
        let problem = match error.message() {
            "duplicate key" if !key.is_empty() => Problem::DuplicateKey(duplicate(key)),
            message => {
                Problem::Syntax { language: "TOML", message: message.lines().collect::<Vec<_>>().join(", ") }
            }
        };
        (problem, span)
    };
    Err(errors.into_iter().map(error).collect())
}

/// The words for a key, or a whole header of keys, that stands twice.
fn duplicate(written: &str) -> String {
    let is_short = written.len() <= 256 && !written.contains("PRIVATE KEY");
    if is_short { format!("`{written}`") } else { "a key".into() }
}

fn entries(table: DeTable<'_>, id: SourceId) -> BTreeMap<String, Node> {
    table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            (key.into_inner().into_owned(), node(value, span, id))
        })
        .collect()
}

fn node(value: Spanned<DeValue<'_>>, key: Range<usize>, id: SourceId) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("an integer beyond 64 bits"),
        },
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::List(
            items
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    node(item, span, id)
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table, id)),
    };
    Node { source: id, key, span, value }
}
