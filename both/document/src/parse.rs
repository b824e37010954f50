//! From text to tree, whatever the language.

use crate::diagnostic::Diagnostic;
use crate::format::Format;
use crate::node::{Node, Value};
use crate::problem::Problem;
use crate::source::{Origin, Source, SourceId};
use crate::subject::Subject;
use crate::{toml_text, yaml_text};

/// What is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the text.
    pub bytes: usize,
    /// Tables and lists within one another. No more than 64 are ever read of YAML, and 80 of TOML.
    pub depth: usize,
}

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
    Ok(node)
}

/// What a parser complains about, with the bytes that it points at.
pub(crate) type Error = (Problem, std::ops::Range<usize>);

pub(crate) fn too_deep(depth: usize) -> Problem {
    Problem::Limit(format!("tables and lists lie in one another more than {depth} deep"))
}

/// After the first error of a line a parser is guessing.
fn one_a_line(source: &Source, subject: Subject, errors: Vec<Error>) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for (problem, span) in errors {
        let origin = Origin { source: source.clone(), span };
        let line = |known: &Diagnostic| known.origin().is_some_and(|known| known.line() == origin.line());
        if !diagnostics.iter().any(line) {
            diagnostics.push(Diagnostic::of(subject, &problem).with_origin(origin));
        }
    }
    diagnostics
}

/// A node that lies deeper than it may.
fn deepest(node: &Node, left: usize) -> Option<&Node> {
    let below: Vec<&Node> = match &node.value {
        Value::Table(entries) => entries.values().collect(),
        Value::List(items) => items.iter().collect(),
        _ => return None,
    };
    if left == 0 {
        return Some(node);
    }
    below.into_iter().find_map(|node| deepest(node, left - 1))
}
