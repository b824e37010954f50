//! YAML as a tree: the part of it that a person needs to write a document. Anchors, merges, tags, several documents in
//! one text and keys that stand twice are refused.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Options, Spanned};

use crate::node::{Node, Value};
use crate::parse::Error;
use crate::problem::Problem;
use crate::source::SourceId;
use crate::yaml_error::complaint;
use crate::yaml_place::{bytes, whole};

/// Deepest nesting that is ever read: what a walk by recursion bears with ease.
const DEPTH: usize = 64;

/// Most values of a text. One takes two bytes at least, so that this is far above what a document holds.
const NODES: usize = 200_000;

/// Reads a text. An empty one is an empty table.
pub(crate) fn parse(text: &str, id: SourceId, depth: usize) -> Result<Node, Vec<Error>> {
    let raw: Spanned<Raw> = match serde_saphyr::from_str_with_options(text, options(depth.min(DEPTH))) {
        Ok(raw) => raw,
        Err(error) => return Err(vec![complaint(text, &error, depth)]),
    };
    let mut node = place(text, raw, None, id);
    match &node.value {
        Value::Table(_) => {}
        Value::Other(NOTHING) => node.value = Value::Table(BTreeMap::new()),
        value => {
            let message = format!("the whole is {}, expected a table: lines like `key: value`", value.kind());
            return Err(vec![(Problem::Syntax { language: "YAML", message }, node.span)]);
        }
    }
    (node.key, node.span) = (0..0, 0..0);
    Ok(node)
}

fn options(depth: usize) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: depth + 1,
            flow_nesting_limit: depth + 1,
            max_documents: 1,
            max_nodes: NODES,
            max_aliases: 0,
            max_anchors: 0,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        leading_zero_numbers_as_strings: true,
        reject_unsupported_tags: true,
        emit_comments: false,
    }
}

/// The words for what stands where a value is left out.
const NOTHING: &str = "nothing";

/// A value as the parser brings it, places still as the parser has them.
enum Raw {
    Plain(Value),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn place(text: &str, raw: Spanned<Raw>, key: Option<Range<usize>>, id: SourceId) -> Node {
    let mut span = bytes(text, &raw.referenced);
    let value = match raw.value {
        Raw::Plain(value) => {
            span = whole(text, span);
            value
        }
        Raw::List(items) => Value::List(items.into_iter().map(|item| place(text, item, None, id)).collect()),
        Raw::Table(entries) => Value::Table(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let span = bytes(text, &key.referenced);
                    (key.value, place(text, value, Some(span), id))
                })
                .collect(),
        ),
    };
    Node { source: id, key: key.unwrap_or_else(|| span.clone()), span, value }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Boolean(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Integer(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(match i64::try_from(number) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("an integer beyond 64 bits"),
        }))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Other("an integer beyond 64 bits")))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Other("an integer beyond 64 bits")))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Other("a number with a fraction")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Text(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Text(text)))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Other("bytes")))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Other(NOTHING)))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Raw, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Table(entries))
    }
}
