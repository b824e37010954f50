//! From a reference to a merged recipe: follows `extends`, checks every file, merges, fetches own files.

mod beside;
mod chain;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use corten_document as document;
use corten_document::{Diagnostic, KeyPath, Node, Origins, Read, Sink, SourceId, Text, parse, read};

use self::beside::{load_files, locate_images, locate_keys, unreadable};
use self::chain::{BOUNDS, load_chain, merge_chain};
use crate::diagnostic::{RECIPE, Report};
use crate::loader::Loader;
use crate::source::{Location, Source};
use crate::types::TargetPath;
use crate::written::{ContainerRecipe, File, Recipe, explain_images, gather_images};

/// Most recipes that extend each other. More than a handful can't be understood by a person.
pub const MAX_DEPTH: usize = 16;

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

/// A container recipe with everything that it extends, every value still knowing its place.
#[derive(Clone, Debug)]
pub struct MergedContainer {
    /// The values.
    pub recipe: ContainerRecipe,
    pub(crate) reference: String,
    pub(crate) origins: Origins,
    pub(crate) contents: BTreeMap<TargetPath, Bytes>,
}

/// Files and folder that `[secure-boot]` names.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyFiles {
    pub(crate) key: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) enrol: Option<PathBuf>,
}

/// A kind of recipe, as far as loading has to know.
trait Written: Read + Default {
    /// Brings a tree into the one form that is read and merged.
    fn prepare(_: &mut Node) {}

    /// Adds to a complaint about one text what the writer probably meant.
    fn explain(complaint: Diagnostic) -> Diagnostic {
        complaint
    }

    /// The recipe that it starts from.
    fn extends(&self) -> Option<&Text>;

    /// Its own files.
    fn files(&self) -> Option<&BTreeMap<TargetPath, File>>;
}

impl Written for Recipe {
    fn prepare(recipe: &mut Node) {
        gather_images(recipe);
    }

    fn explain(complaint: Diagnostic) -> Diagnostic {
        explain_images(complaint)
    }

    fn extends(&self) -> Option<&Text> {
        self.extends.as_ref()
    }

    fn files(&self) -> Option<&BTreeMap<TargetPath, File>> {
        self.files.as_ref()
    }
}

impl Written for ContainerRecipe {
    fn extends(&self) -> Option<&Text> {
        self.extends.as_ref()
    }

    fn files(&self) -> Option<&BTreeMap<TargetPath, File>> {
        self.files.as_ref()
    }
}

impl Merged {
    /// Loads a recipe and what it extends. The report names everything that is wrong in any of the files.
    pub fn load(reference: &str, loader: &dyn Loader) -> Result<Self, Report> {
        let mut draft = Draft::<Recipe>::of(reference, loader)?;
        let places = (&mut draft.origins, draft.locations.as_slice());
        let keys = locate_keys(&draft.recipe, places, loader, &mut draft.diagnostics);
        let Draft { recipe, origins, contents, .. } = draft.sound(reference)?;
        Ok(Self { recipe, reference: reference.to_owned(), origins, contents, keys })
    }
}

impl MergedContainer {
    /// Loads a container recipe and what it extends. The report names everything that is wrong in any of the files.
    pub fn load(reference: &str, loader: &dyn Loader) -> Result<Self, Report> {
        let draft = Draft::<ContainerRecipe>::of(reference, loader)?.sound(reference)?;
        let Draft { recipe, origins, contents, .. } = draft;
        Ok(Self { recipe, reference: reference.to_owned(), origins, contents })
    }
}

/// A recipe of either kind that was read and merged, with what is wrong with it.
struct Draft<R> {
    recipe: R,
    origins: Origins,
    locations: Vec<Location>,
    contents: BTreeMap<TargetPath, Bytes>,
    diagnostics: Vec<Diagnostic>,
}

impl<R: Written> Draft<R> {
    fn of(reference: &str, loader: &dyn Loader) -> Result<Self, Report> {
        let chain = load_chain::<R>(reference, loader);
        let (sources, nodes) = chain.map_err(|diagnostics| Report::new(reference, diagnostics))?;
        let locations: Vec<Location> = sources.iter().map(|source| source.location.clone()).collect();
        let sources: Vec<document::Source> = sources.iter().map(Source::document).collect();
        let (mut tree, removing) = merge_chain(nodes, &sources);
        let unlocated = locate_images(&mut tree, &locations, loader);
        let sink = Sink::new(&sources, RECIPE);
        let recipe: R = read(&tree, &sink).unwrap_or_default();
        let mut diagnostics = sink.into_diagnostics();
        diagnostics.extend(removing);
        let mut origins = Origins::new(tree, sources, RECIPE);
        diagnostics.extend(unlocated.into_iter().map(|(key, error)| unreadable(&error).at(&key, &origins)));
        let (fetched, unread) = load_files(recipe.files(), (&origins, &locations), loader);
        diagnostics.extend(unread);
        let mut contents = BTreeMap::new();
        for (path, file) in fetched {
            if let Some(location) = file.location {
                origins.set_text(&KeyPath::of(&["files", path.as_str(), "source"]), location.to_string());
            }
            contents.insert(path, file.content);
        }
        Ok(Self { recipe, origins, locations, contents, diagnostics })
    }

    /// The same if nothing is wrong with it.
    fn sound(self, reference: &str) -> Result<Self, Report> {
        if self.diagnostics.is_empty() { Ok(self) } else { Err(Report::new(reference, self.diagnostics)) }
    }
}

/// What a recipe describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeKind {
    /// An operating system.
    System,
    /// An image for containers.
    Container,
}

/// What the recipe of a reference describes, by the keys that only a container recipe has. What can't be read counts
/// as one of an operating system: who loads it then is told why.
pub fn recipe_kind(reference: &str, loader: &dyn Loader) -> RecipeKind {
    let source = loader.load(reference, None).ok();
    let node = source.and_then(|source| parse(&source.document(), SourceId(0), BOUNDS, RECIPE).ok());
    let has = |key: &str| node.as_ref().and_then(Node::entries).is_some_and(|keys| keys.contains_key(key));
    if has("tag") || has("container") { RecipeKind::Container } else { RecipeKind::System }
}
