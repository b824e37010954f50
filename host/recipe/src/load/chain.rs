//! Follows `extends` from text to text and merges what it finds.

use corten_document as document;
use corten_document::{Bounds, Diagnostic, KeyPath, Node, Origin, Sink, SourceId, Value, parse, read};

use super::beside::unreadable;
use super::{MAX_DEPTH, Written};
use crate::diagnostic::{Problem, RECIPE};
use crate::loader::{Loader, RECIPE_LIMIT};
use crate::merge::merge;
use crate::source::Source;

/// What is read of one recipe. Deeper than this is nothing that a recipe has.
pub(super) const BOUNDS: Bounds = Bounds { bytes: RECIPE_LIMIT as usize, depth: 64, items: 1 << 16 };

/// What a recipe doesn't take over from the one that it extends.
const OWN_KEYS: [&str; 2] = ["description", "extends"];

/// The texts, the one that was asked for first, and their trees.
pub(super) fn load_chain<R: Written>(
    reference: &str,
    loader: &dyn Loader,
) -> Result<(Vec<Source>, Vec<Node>), Vec<Diagnostic>> {
    let mut sources: Vec<Source> = Vec::new();
    let mut texts: Vec<document::Source> = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut diagnostics = Vec::new();
    let mut reference = reference.to_owned();
    let mut asked_by: Option<Origin> = None;
    loop {
        let place = |diagnostic: Diagnostic| match &asked_by {
            Some(origin) => diagnostic.with_origin(origin.clone()).with_label("extended here"),
            None => diagnostic,
        };
        let source = match loader.load(&reference, sources.last().map(|source| &source.location)) {
            Ok(source) => source,
            Err(error) => {
                diagnostics.push(place(unreadable(&error)));
                break;
            }
        };
        if let Some(start) = sources.iter().position(|known| known.location == source.location) {
            let circle = sources[start..].iter().chain([&source]).map(|source| source.location.to_string());
            let help = "take `extends` out of one of them";
            diagnostics.push(place(Problem::Cycle(circle.collect()).into()).with_help(help));
            break;
        }
        if sources.len() == MAX_DEPTH {
            diagnostics.push(place(Problem::TooDeep(MAX_DEPTH).into()));
            break;
        }
        let id = SourceId(sources.len() as u16);
        let text = source.document();
        sources.push(source);
        texts.push(text.clone());
        let mut node = match parse(&text, id, BOUNDS, RECIPE) {
            Ok(node) => node,
            Err(errors) => {
                diagnostics.extend(errors.into_iter().map(R::explain));
                break;
            }
        };
        let sink = Sink::new(&texts, RECIPE);
        let recipe: R = read(&node, &sink).unwrap_or_default();
        diagnostics.extend(in_order(sink.into_diagnostics()).into_iter().map(R::explain));
        let next = recipe.extends().map(ToString::to_string);
        asked_by = node
            .at(&KeyPath::of(&["extends"]))
            .map(|extends| Origin { source: text.clone(), span: extends.span.clone() });
        // What is wrong was told by the names that were written.
        R::prepare(&mut node);
        nodes.push(node);
        match next {
            Some(next) => reference = next,
            None => break,
        }
    }
    if diagnostics.is_empty() { Ok((sources, nodes)) } else { Err(diagnostics) }
}

fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.origin().map_or(0, |origin| origin.span.start));
    diagnostics
}

/// Merges from the recipe that extends nothing to the one that was asked for.
pub(super) fn merge_chain(nodes: Vec<Node>, sources: &[document::Source]) -> (Node, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut merged = Node::empty(SourceId(0));
    for node in nodes.into_iter().rev() {
        if let Value::Table(entries) = &mut merged.value {
            entries.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
        }
        let (next, complaints) = merge(merged, node, sources);
        merged = next;
        diagnostics.extend(in_order(complaints));
    }
    if let Value::Table(entries) = &mut merged.value {
        entries.remove("extends");
    }
    (merged, diagnostics)
}
