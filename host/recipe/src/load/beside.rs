//! What lies beside a recipe: its own files, which are read, and keys and images, whose places alone matter here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use corten_document as document;
use corten_document::{Diagnostic, KeyPath, Node, Origins, Text, Value};

use super::KeyFiles;
use crate::diagnostic::{Problem, RECIPE};
use crate::loader::{LoadError, Loader};
use crate::source::Location;
use crate::types::TargetPath;
use crate::written::{File, Recipe};

/// Content of an own file; the location is that of a file of its own.
pub(super) struct OwnContent {
    pub(super) location: Option<Location>,
    pub(super) content: Bytes,
}

pub(super) fn load_files(
    files: Option<&BTreeMap<TargetPath, File>>,
    (origins, locations): (&Origins, &[Location]),
    loader: &dyn Loader,
) -> (Vec<(TargetPath, OwnContent)>, Vec<Diagnostic>) {
    let mut contents = Vec::new();
    let mut diagnostics = Vec::new();
    for (path, file) in files.into_iter().flatten() {
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
pub(super) fn locate_keys(
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

/// Puts the paths of container images as they are seen from here into a merged tree.
pub(super) fn locate_images(
    tree: &mut Node,
    locations: &[Location],
    loader: &dyn Loader,
) -> Vec<(KeyPath, LoadError)> {
    let mut wrong = Vec::new();
    let list = KeyPath::of(&["images"]);
    let Some(Value::List(items)) = tree.at_mut(&list).map(|node| &mut node.value) else { return wrong };
    for (n, item) in items.iter_mut().enumerate() {
        let Value::Table(entries) = &mut item.value else { continue };
        let Some(source) = entries.get_mut("source") else { continue };
        let (Value::Text(path), Some(from)) = (&source.value, locations.get(usize::from(source.source.0)))
        else {
            continue;
        };
        match loader.locate(path, from) {
            Location::Path(path) => source.value = Value::Text(path.display().to_string()),
            built_in @ Location::BuiltIn(_) => {
                wrong.push((list.item(n).key("source"), LoadError::NotFound(built_in)));
            }
        }
    }
    wrong
}

/// Where the recipe is from that wrote the value at a key.
fn location_of<'l>(key: &KeyPath, origins: &Origins, locations: &'l [Location]) -> Option<&'l Location> {
    locations.get(usize::from(origins.node(key)?.source.0))
}

pub(super) fn unreadable(error: &LoadError) -> Diagnostic {
    let diagnostic = Diagnostic::from(Problem::Unreadable(error.to_string()));
    match error.help() {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}
