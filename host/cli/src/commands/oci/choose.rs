//! Opening what a person names, and finding the image that is meant.

use std::path::Path;

use anyhow::Result;
use corten_oci::source::{Listed, Location, Opened, Source as _, SourceError, named, open_as};
use corten_oci::write::WriteError;

/// Most bytes of an archive without its compression. It goes into a file, so what is bounded is the disk.
const MOST: u64 = 256 << 30;

/// What is named is not there, or not exactly one thing.
#[derive(Debug, thiserror::Error)]
pub enum NoChoice {
    /// None of that name.
    #[error("{place}: no image {name:?}; there is {}", listed(.known))]
    Unknown {
        /// Where.
        place: String,
        /// The name.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// Several, and no name.
    #[error("{place}: say which image is meant; there is {}", listed(.known))]
    Several {
        /// Where.
        place: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// It holds no image.
    #[error("{0}: there is no image in it")]
    Empty(String),
    /// It has another form.
    #[error("{place} is of the form {found}:, and not {said}:")]
    Shape {
        /// Where.
        place: String,
        /// What it is.
        found: &'static str,
        /// What was said.
        said: &'static str,
    },
    /// A registry, to which nothing is sent.
    #[error("{0}: corten copies between layouts and archives only; for a folder write `oci:…`")]
    Registry(String),
    /// The command line contradicts itself.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// Names that a message shows at most.
const SHOWN: usize = 20;

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let shown =
        names.iter().take(SHOWN).map(|name| super::view::printable(name)).collect::<Vec<_>>().join(", ");
    match (names.is_empty(), more) {
        (true, _) => "none that has a name".to_owned(),
        (_, 0) => shown,
        (_, more) => format!("{shown} and {more} more"),
    }
}

/// Opens a layout or an archive.
pub fn open(location: &Location) -> Result<Opened> {
    let place = location.path.display();
    let opened = open_as(&location.path, location.shape, || spool(&location.path), MOST);
    let opened = opened.map_err(|error| from(location, error.into()))?;
    if let Some(said) = location.shape.filter(|said| *said != opened.shape()) {
        let (found, said) = (opened.shape().word(), said.word());
        return Err(NoChoice::Shape { place: place.to_string(), found, said }.into());
    }
    Ok(opened)
}

/// What is wrong with what is read, with the place of it unless the error has that.
pub fn from(location: &Location, error: WriteError) -> anyhow::Error {
    match error {
        WriteError::Source(SourceError::Io { .. }) => error.into(),
        WriteError::Source(_) | WriteError::Mismatch(_) => {
            anyhow::Error::from(error).context(location.path.display().to_string())
        }
        _ => error.into(),
    }
}

/// A file without a name for an archive without its compression, beside it where that is possible: the folder for
/// temporary files may be memory.
fn spool(archive: &Path) -> std::io::Result<std::fs::File> {
    let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder).or_else(|_| tempfile::tempfile())
}

/// The image of a name; the only one where there is no name.
pub fn choose<'a>(
    opened: &'a Opened,
    location: &Location,
    name: Option<&str>,
) -> Result<&'a Listed, NoChoice> {
    let place = || location.path.display().to_string();
    let images = opened.images();
    let known = || -> Vec<String> { images.iter().filter_map(|image| image.name.clone()).collect() };
    let found: Vec<&Listed> = match name {
        Some(name) => named(images, name),
        None => images.iter().collect(),
    };
    let Some(first) = found.first() else {
        return Err(match name {
            Some(name) => NoChoice::Unknown { place: place(), name: name.to_owned(), known: known() },
            None => NoChoice::Empty(place()),
        });
    };
    // Several names of one image leave no doubt.
    if found.iter().all(|image| image.descriptor.digest == first.descriptor.digest) {
        Ok(first)
    } else {
        Err(NoChoice::Several { place: place(), known: known() })
    }
}

/// The name in a location and one that stands elsewhere are the same thing, and only one of them can be given.
pub fn one_name<'a>(first: Option<&'a str>, second: Option<&'a str>) -> Result<Option<&'a str>, NoChoice> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(NoChoice::Contradiction("there are two names for one image"))
        }
        _ => Ok(first.or(second)),
    }
}
