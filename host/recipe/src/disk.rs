//! Loads recipes from what is compiled in and from the host's files.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use corten_document::nearest;

use crate::builtin::{builtin_file, builtin_names, builtin_recipe};
use crate::loader::{FILE_LIMIT, Fetched, LoadError, Loader, RECIPE_LIMIT, is_path};
use crate::source::{BUILT_IN, Location, Source};

/// Built-in recipes by name, all others from disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostLoader;

impl Loader for HostLoader {
    fn load(&self, reference: &str, from: Option<&Location>) -> Result<Source, LoadError> {
        if !is_path(reference) {
            let text = builtin_recipe(reference).ok_or_else(|| no_built_in(reference))?;
            let location = Location::BuiltIn(format!("{reference}.toml"));
            return Ok(Source::new(location, text));
        }
        let location = resolve(reference, from);
        let Location::Path(path) = &location else { return Err(LoadError::NotFound(location)) };
        let bytes = read_file(path, RECIPE_LIMIT)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(location, text)),
            Err(_) => Err(LoadError::NotText(location)),
        }
    }

    fn read(&self, reference: &str, from: &Location) -> Result<Fetched, LoadError> {
        let location = resolve(reference, Some(from));
        let content = match &location {
            Location::Path(path) => Bytes::from(read_file(path, FILE_LIMIT)?),
            Location::BuiltIn(path) => match builtin_file(path) {
                Some(content) => Bytes::from_static(content),
                None => return Err(LoadError::NotFound(location)),
            },
        };
        Ok(Fetched { location, content })
    }

    fn locate(&self, path: &str, from: &Location) -> Location {
        resolve(path, Some(from))
    }
}

fn no_built_in(name: &str) -> LoadError {
    let names: Vec<&str> = builtin_names().map(|recipe| recipe.name).collect();
    let help = if Path::new(name).is_file() {
        format!("for the file of that name write `./{name}`")
    } else if let Some(close) = nearest(name, names.iter().copied()) {
        format!("did you mean `{close}`?")
    } else {
        format!("built in are {}; a path has a slash in it or ends in `.toml`", names.join(", "))
    };
    LoadError::NoBuiltIn { name: name.to_owned(), help }
}

/// The place that a path means.
fn resolve(reference: &str, from: Option<&Location>) -> Location {
    if let Some(path) = reference.strip_prefix(BUILT_IN) {
        return Location::BuiltIn(path.to_owned());
    }
    match from {
        Some(Location::BuiltIn(_)) if !reference.starts_with('/') => Location::BuiltIn(reference.to_owned()),
        Some(Location::Path(recipe)) => {
            Location::Path(plain(&recipe.parent().unwrap_or(Path::new("")).join(reference)))
        }
        _ => Location::Path(plain(Path::new(reference))),
    }
}

/// A path in a form that is the same each time around a circle of recipes. Only the file system knows what `..`
/// means behind a link, so it is asked where there is one.
fn plain(path: &Path) -> PathBuf {
    let up = path.components().any(|part| part == Component::ParentDir);
    let asked = up.then(|| std::fs::canonicalize(path).ok()).flatten();
    asked.unwrap_or_else(|| path.components().filter(|part| *part != Component::CurDir).collect())
}

fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let location = || Location::Path(path.to_owned());
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => LoadError::NotFound(location()),
        _ => LoadError::Io { location: location(), source },
    };
    // Asked first: opening a named pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(LoadError::NotAFile(location()));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge { location: location(), limit });
    }
    Ok(bytes)
}
