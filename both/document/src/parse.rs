//! From text to tree, whatever the language.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::format::Format;
use crate::node::{Node, Value};
use crate::problem::Problem;
use crate::source::{Lines, Origin, Source, SourceId};
use crate::subject::Subject;
use crate::{toml_text, yaml_text};

/// What is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the text.
    pub bytes: usize,
    /// Tables and lists within one another. No more than 64 are ever read of YAML, and 80 of TOML.
    pub depth: usize,
    /// Items of one list, and keys of one table. What is decided about them may take the square of it.
    pub items: usize,
}

/// Longest key, bytes: that of a path. Each complaint holds the keys of its value.
const KEY: usize = 4096;

/// Most complaints about what is not of its language. Who reads so many has the wrong file at hand.
const COMPLAINTS: usize = 20;

/// Reads a text. The nesting is bounded, so the tree can be walked by recursion.
pub fn parse(
    source: &Source,
    id: SourceId,
    bounds: Bounds,
    subject: Subject,
) -> Result<Node, Vec<Diagnostic>> {
    let complaint = |problem: &Problem, span| {
        Diagnostic::of(subject, problem).with_origin(Origin { source: source.clone(), span })
    };
    if source.text.len() > bounds.bytes {
        let message =
            format!("the {} is larger than {} KiB, which is the most", subject.noun, bounds.bytes >> 10);
        return Err(vec![complaint(&Problem::Limit(message), 0..0)]);
    }
    let node = match source.format {
        Format::Toml => toml_text::parse(&source.text, id),
        Format::Yaml => yaml_text::parse(&source.text, id, bounds.depth),
    };
    let node = node.map_err(|errors| one_a_line(source, subject, errors))?;
    if let Some(deep) = deepest(&node, bounds.depth) {
        return Err(vec![complaint(&too_deep(bounds.depth), deep.key.clone())]);
    }
    if let Some(long) = longest_key(&node) {
        let message = format!("a key has {KEY} bytes at most");
        return Err(vec![complaint(&Problem::Limit(message), long.key.clone())]);
    }
    if let Some(long) = longest(&node, bounds.items) {
        let message = format!("a list or table holds {} items at most", bounds.items);
        return Err(vec![complaint(&Problem::Limit(message), long.key.clone())]);
    }
    Ok(node)
}

/// What a parser complains about, with the bytes that it points at.
pub(crate) type Error = (Problem, std::ops::Range<usize>);

pub(crate) fn too_deep(depth: usize) -> Problem {
    Problem::Limit(format!("tables and lists lie in one another more than {depth} deep"))
}

/// After the first error of a line a parser is guessing.
fn one_a_line(source: &Source, subject: Subject, errors: Vec<Error>) -> Vec<Diagnostic> {
    let lines = Lines::of(&source.text);
    let mut told = BTreeSet::new();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for (problem, span) in errors {
        if told.insert(lines.line(span.start)) {
            let origin = Origin { source: source.clone(), span };
            diagnostics.push(Diagnostic::of(subject, &problem).with_origin(origin));
        }
        if diagnostics.len() == COMPLAINTS {
            break;
        }
    }
    diagnostics
}

/// A node that lies deeper than it may.
fn deepest(node: &Node, left: usize) -> Option<&Node> {
    if !matches!(node.value, Value::Table(_) | Value::List(_)) {
        return None;
    }
    if left == 0 {
        return Some(node);
    }
    below(node).into_iter().find_map(|node| deepest(node, left - 1))
}

/// A node with a key that is too long.
fn longest_key(node: &Node) -> Option<&Node> {
    let own = node.entries().into_iter().flatten().find(|(key, _)| key.len() > KEY).map(|(_, node)| node);
    own.or_else(|| below(node).into_iter().find_map(longest_key))
}

/// A node with more items than there may be.
fn longest(node: &Node, most: usize) -> Option<&Node> {
    let below = below(node);
    if below.len() > most {
        return Some(node);
    }
    below.into_iter().find_map(|node| longest(node, most))
}

fn below(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::Table(entries) => entries.values().collect(),
        Value::List(items) => items.iter().collect(),
        Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => Vec::new(),
    }
}
