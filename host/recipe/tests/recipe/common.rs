//! Recipes in memory and how their errors look on a terminal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use corten_recipe::{
    Fetched, HostLoader, LoadError, Loader, Location, Merged, Plan, Report, Source, builtin_recipe,
};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

/// Files by path, and the built-in recipes by name.
#[derive(Default)]
pub struct MemoryLoader(pub BTreeMap<PathBuf, Vec<u8>>);

impl MemoryLoader {
    /// A loader with these texts.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect())
    }

    fn path(reference: &str, from: Option<&Location>) -> PathBuf {
        let folder = match from {
            Some(Location::Path(path)) => path.parent().map(Path::to_owned).unwrap_or_default(),
            _ => PathBuf::new(),
        };
        folder.join(reference.strip_prefix("./").unwrap_or(reference))
    }
}

impl Loader for MemoryLoader {
    fn load(&self, reference: &str, from: Option<&Location>) -> Result<Source, LoadError> {
        if builtin_recipe(reference).is_some() || !reference.contains(['/', '.']) {
            return HostLoader.load(reference, from);
        }
        let path = Self::path(reference, from);
        let location = Location::Path(path.clone());
        let bytes = self.0.get(&path).ok_or_else(|| LoadError::NotFound(location.clone()))?;
        let text = std::str::from_utf8(bytes).map_err(|_| LoadError::NotText(location.clone()))?;
        Ok(Source::new(location, text))
    }

    fn read(&self, reference: &str, from: &Location) -> Result<Fetched, LoadError> {
        if matches!(from, Location::BuiltIn(_)) || reference.starts_with("builtin:") {
            return HostLoader.read(reference, from);
        }
        let path = Self::path(reference, Some(from));
        let location = Location::Path(path.clone());
        let content = self.0.get(&path).cloned().ok_or_else(|| LoadError::NotFound(location.clone()))?;
        Ok(Fetched { location, content: content.into() })
    }

    fn locate(&self, path: &str, from: &Location) -> Location {
        Location::Path(Self::path(path, Some(from)))
    }
}

/// The merged recipe of `my.toml`.
pub fn merged(files: &[(&str, &str)]) -> Result<Merged, Report> {
    Merged::load("./my.toml", &MemoryLoader::of(files))
}

/// The plan of `my.toml`.
pub fn plan(files: &[(&str, &str)]) -> Result<Plan, Report> {
    merged(files)?.plan()
}

/// A report as a terminal shows it, without colours.
pub fn shown(report: &dyn Diagnostic) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut text = String::new();
    handler.render_report(&mut text, report).expect("a string takes everything");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
