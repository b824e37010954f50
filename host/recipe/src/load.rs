//! From a reference to a merged recipe: follows `extends`, checks every file, merges, fetches own files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use corten_document as document;
use corten_document::{
    Bounds, Diagnostic, KeyPath, Node, Origin, Origins, Sink, SourceId, Text, Value, parse, read,
};

use crate::diagnostic::{Problem, RECIPE, Report};
use crate::loader::{LoadError, Loader, RECIPE_LIMIT};
use crate::merge::merge;
use crate::source::{Location, Source};
use crate::types::TargetPath;
use crate::written::Recipe;

/// Most recipes that extend each other. More than a handful can't be understood by a person.
pub const MAX_DEPTH: usize = 16;

/// What is read of one recipe. Deeper than this is nothing that a recipe has.
const BOUNDS: Bounds = Bounds { bytes: RECIPE_LIMIT as usize, depth: 64, items: 1 << 16 };

/// What a recipe doesn't take over from the one that it extends.
const OWN_KEYS: [&str; 2] = ["description", "extends"];

/// A recipe with everything that it extends, every value still knowing its place.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The values.
    pub recipe: Recipe,
    /// What was asked for, as it was asked for.
    pub(crate) reference: String,
    pub(crate) origins: Origins,
    /// Contents of own files.
    pub(crate) contents: BTreeMap<TargetPath, Bytes>,
    /// Where the keys of Secure Boot lie. They are nobody's business before something is signed.
    pub(crate) keys: Option<KeyFiles>,
}

/// Files and folder that `[secure-boot]` names.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyFiles {
    pub(crate) key: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) enrol: Option<PathBuf>,
}

impl Merged {
    /// Loads a recipe and what it extends. The report names everything that is wrong in any of the files.
    pub fn load(reference: &str, loader: &dyn Loader) -> Result<Self, Report> {
        let report = |diagnostics| Report::new(reference, diagnostics);
        let (sources, nodes) = load_chain(reference, loader).map_err(report)?;
        let locations: Vec<Location> = sources.iter().map(|source| source.location.clone()).collect();
        let sources: Vec<document::Source> = sources.iter().map(Source::document).collect();
        let (tree, removing) = merge_chain(nodes, &sources);
        let sink = Sink::new(&sources, RECIPE);
        let recipe: Recipe = read(&tree, &sink).unwrap_or_default();
        let mut diagnostics = sink.into_diagnostics();
        diagnostics.extend(removing);
        let mut origins = Origins::new(tree, sources, RECIPE);
        let (fetched, unread) = load_files(&recipe, (&origins, &locations), loader);
        diagnostics.extend(unread);
        let mut contents = BTreeMap::new();
        for (path, file) in fetched {
            if let Some(location) = file.location {
                origins.set_text(&KeyPath::of(&["files", path.as_str(), "source"]), location.to_string());
            }
            contents.insert(path, file.content);
        }
        let keys = locate_keys(&recipe, (&mut origins, &locations), loader, &mut diagnostics);
        if diagnostics.is_empty() {
            Ok(Self { recipe, reference: reference.to_owned(), origins, contents, keys })
        } else {
            Err(report(diagnostics))
        }
    }
}

/// The texts, the one that was asked for first, and their trees.
fn load_chain(reference: &str, loader: &dyn Loader) -> Result<(Vec<Source>, Vec<Node>), Vec<Diagnostic>> {
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
        let node = match parse(&text, id, BOUNDS, RECIPE) {
            Ok(node) => node,
            Err(errors) => {
                diagnostics.extend(errors);
                break;
            }
        };
        let sink = Sink::new(&texts, RECIPE);
        let recipe: Recipe = read(&node, &sink).unwrap_or_default();
        diagnostics.extend(in_order(sink.into_diagnostics()));
        let next = recipe.extends.map(|extends| extends.to_string());
        asked_by = node
            .at(&KeyPath::of(&["extends"]))
            .map(|extends| Origin { source: text.clone(), span: extends.span.clone() });
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
fn merge_chain(nodes: Vec<Node>, sources: &[document::Source]) -> (Node, Vec<Diagnostic>) {
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

/// Content of an own file; the location is that of a file of its own.
struct OwnContent {
    location: Option<Location>,
    content: Bytes,
}

fn load_files(
    recipe: &Recipe,
    (origins, locations): (&Origins, &[Location]),
    loader: &dyn Loader,
) -> (Vec<(TargetPath, OwnContent)>, Vec<Diagnostic>) {
    let mut contents = Vec::new();
    let mut diagnostics = Vec::new();
    for (path, file) in recipe.files.iter().flatten() {
        let key = KeyPath::of(&["files", path.as_str()]);
        match (&file.source, &file.content) {
            (Some(source), None) => {
                let key = key.key("source");
                let from = location_of(&key, origins, locations);
                match from.map(|from| loader.read(source.as_str(), from)) {
                    Some(Ok(file)) => {
                        let content = OwnContent { location: Some(file.location), content: file.content };
                        contents.push((path.clone(), content));
                    }
                    Some(Err(error)) => diagnostics.push(unreadable(&error).at(&key, origins)),
                    None => {}
                }
            }
            (None, Some(content)) => {
                let content = OwnContent { location: None, content: content.0.clone().into() };
                contents.push((path.clone(), content));
            }
            (Some(_), Some(_)) => {
                let other = origins.of_key(&key.key("source"));
                let message = format!("{path} has both `source` and `content`");
                let both = Diagnostic::of(RECIPE, &document::Problem::Conflict(message))
                    .at(&key.key("content"), origins);
                diagnostics
                    .push(both.with_help("a file has one of the two").with_other("the other is here", other));
            }
            (None, None) => {
                let missing =
                    Diagnostic::of(RECIPE, &document::Problem::Missing(key.key("content"))).at(&key, origins);
                diagnostics
                    .push(missing.with_help("write `content = \"…\"` or `source = \"path of a file\"`"));
            }
        }
    }
    (contents, diagnostics)
}

/// The paths of `[secure-boot]` as they are seen from here, which is also how they are shown.
fn locate_keys(
    recipe: &Recipe,
    (origins, locations): (&mut Origins, &[Location]),
    loader: &dyn Loader,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<KeyFiles> {
    let written = recipe.secure_boot.as_ref()?;
    let mut locate = |name: &str, path: &Option<Text>| -> Option<PathBuf> {
        let key = KeyPath::of(&["secure-boot", name]);
        match loader.locate(path.as_ref()?.as_str(), location_of(&key, origins, locations)?) {
            Location::Path(path) => {
                origins.set_text(&key, path.display().to_string());
                Some(path)
            }
            built_in @ Location::BuiltIn(_) => {
                diagnostics.push(unreadable(&LoadError::NotFound(built_in)).at(&key, origins));
                None
            }
        }
    };
    Some(KeyFiles {
        key: locate("key", &written.key),
        certificate: locate("cert", &written.cert),
        enrol: locate("enrol", &written.enrol),
    })
}

/// Where the recipe is from that wrote the value at a key.
fn location_of<'l>(key: &KeyPath, origins: &Origins, locations: &'l [Location]) -> Option<&'l Location> {
    locations.get(usize::from(origins.node(key)?.source.0))
}

fn unreadable(error: &LoadError) -> Diagnostic {
    let diagnostic = Diagnostic::from(Problem::Unreadable(error.to_string()));
    match error.help() {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}
