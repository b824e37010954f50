//! Reads the layers below the operator's from the files that the image and init put there.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use corten_config::{Document, Format, MAX_DOCUMENT, Problem};

use super::choose::Lower;
use super::error::StoreError;
use super::places::Places;

/// Documents that a machine may bring along: sixteen of each of the four kinds of places that init looks at.
const MAX_DOCUMENTS: usize = 64;
/// Bytes of all of them together. They are kept in memory, and each may be as large as a document may be.
const MAX_TOGETHER: usize = 1 << 20;

/// Reads them.
pub fn read(places: &Places) -> Lower {
    let mut lower = Lower::default();
    match document(&places.image(), Format::Toml) {
        Ok(found) => lower.image = found,
        Err(error) => lower.problems.push(problem(&error)),
    }
    match paths(&places.platform()) {
        Ok(paths) => {
            let mut together = 0;
            for (path, format) in paths {
                match document(&path, format) {
                    Ok(Some(found)) if together + found.text.len() <= MAX_TOGETHER => {
                        together += found.text.len();
                        lower.platform.push(found);
                    }
                    Ok(Some(_)) => {
                        let error = StoreError::TooLarge { path, limit: MAX_TOGETHER as u64 };
                        lower.problems.push(problem(&error));
                    }
                    // It went between the look at its folder and this.
                    Ok(None) => {}
                    Err(error) => lower.problems.push(problem(&error)),
                }
            }
        }
        Err(error) => lower.problems.push(problem(&error)),
    }
    lower
}

/// The documents of a folder by name. Names that begin with a dot are files on their way.
fn paths(folder: &Path) -> Result<Vec<(std::path::PathBuf, Format)>, StoreError> {
    let failed = |error| StoreError::Io { path: folder.to_owned(), error };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        if let Some(format) = Format::of_name(name) {
            paths.push((folder.join(name), format));
        }
        if paths.len() > MAX_DOCUMENTS {
            let what = format!("more than {MAX_DOCUMENTS} documents");
            return Err(StoreError::Content { path: folder.to_owned(), what });
        }
    }
    paths.sort();
    Ok(paths)
}

/// A document from a file; `None` for one that is not there.
fn document(path: &Path, format: Format) -> Result<Option<Document>, StoreError> {
    let text = text(path, MAX_DOCUMENT as u64)?;
    Ok(text.map(|text| Document { name: path.display().to_string(), format, text }))
}

/// A text from a file with a limit; `None` for one that is not there.
pub fn text(path: &Path, limit: u64) -> Result<Option<String>, StoreError> {
    let failed = |error| StoreError::Io { path: path.to_owned(), error };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(StoreError::TooLarge { path: path.to_owned(), limit });
    }
    let what = "not text in UTF-8";
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| StoreError::Content { path: path.to_owned(), what: what.into() })
}

/// A file that can't be used, as something that is wrong with the configuration.
pub fn problem(error: &StoreError) -> Problem {
    Problem {
        document: error.path().display().to_string(),
        line: 0,
        column: 0,
        key: String::new(),
        message: error.what(),
        help: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::Root;

    fn scratch() -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places { root: Root::new(folder.path()) };
        fs::create_dir_all(places.platform()).expect("a folder");
        (folder, places)
    }

    #[test]
    fn documents_come_in_the_order_of_their_names() {
        let (_folder, places) = scratch();
        for (name, text) in
            [("40-b.yaml", "b: 1"), ("10-a.toml", "a = 1"), (".50-c.toml", "half"), ("x", "?")]
        {
            fs::write(places.platform().join(name), text).expect("it can be written");
        }
        let lower = read(&places);
        assert_eq!(lower.image, None);
        assert_eq!(lower.problems, []);
        let found: Vec<_> = lower.platform.iter().map(|d| (d.text.as_str(), d.format)).collect();
        assert_eq!(found, [("a = 1", Format::Toml), ("b: 1", Format::Yaml)]);
        assert!(lower.platform.iter().all(|d| d.name.contains("/run/corten/config/")));
    }

    #[test]
    fn what_is_no_text_or_too_large_is_named() {
        let (_folder, places) = scratch();
        fs::write(places.platform().join("10-a.toml"), b"a = \xff").expect("it can be written");
        fs::write(places.platform().join("20-b.toml"), vec![b' '; MAX_DOCUMENT + 1])
            .expect("it can be written");
        fs::create_dir(places.platform().join("30-c.toml")).expect("a folder");
        fs::write(places.platform().join("40-d.toml"), "").expect("it can be written");
        let lower = read(&places);
        assert_eq!(lower.platform.len(), 1);
        let messages: Vec<_> = lower.problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages[..2], ["not text in UTF-8", "larger than 262144 bytes"]);
        assert_eq!(lower.problems.len(), 3);
        assert!(lower.problems[0].document.ends_with("/run/corten/config/10-a.toml"));
    }

    #[test]
    fn there_is_an_end_to_what_is_taken() {
        let (_folder, places) = scratch();
        for n in 0..6 {
            let text = vec![b'#'; MAX_DOCUMENT - 1];
            fs::write(places.platform().join(format!("{n}.toml")), text).expect("it can be written");
        }
        let lower = read(&places);
        assert_eq!((lower.platform.len(), lower.problems.len()), (4, 2));
        for n in 0..70 {
            fs::write(places.platform().join(format!("{n}.toml")), "").expect("it can be written");
        }
        let lower = read(&places);
        assert_eq!((lower.platform.len(), lower.problems.len()), (0, 1));
        assert_eq!(lower.problems[0].message, "more than 64 documents");
    }
}
