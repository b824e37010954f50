//! What a recipe names in a package: programs, data files, certificates.

use bytes::Bytes;
use corten_recipe::{DataPattern, KeyPath, PROGRAM_FOLDERS, Program, Selection};

use super::contents::Contents;
use crate::error::Error;

/// What was found in one package.
#[derive(Debug, Default)]
pub struct Picked {
    /// Paths of programs, and of the links that lead to them.
    pub programs: Vec<String>,
    /// Paths of everything else.
    pub data: Vec<String>,
    /// Certificates, in order of path.
    pub certificates: Vec<Bytes>,
}

/// Finds in a package what the recipe wants of it; `key` is the package's table in the recipe.
pub fn pick(contents: &Contents, selection: &Selection, key: &KeyPath) -> Result<Picked, Error> {
    let mut picked = Picked::default();
    for (number, wanted) in selection.programs.iter().enumerate() {
        let at = key.key("programs").item(number);
        picked.programs.extend(program(contents, wanted, &at)?);
    }
    for (number, pattern) in selection.data.iter().enumerate() {
        let at = key.key("data").item(number);
        picked.data.extend(matching(contents, pattern, &at)?.into_iter().map(str::to_owned));
    }
    for (number, pattern) in selection.certificates.iter().enumerate() {
        let at = key.key("certificates").item(number);
        let paths = matching(contents, pattern, &at)?;
        picked.certificates.extend(paths.into_iter().filter_map(|path| contents.file(path).cloned()));
    }
    Ok(picked)
}

/// The path of a program with the links that lead to it. A name is looked up in the folders of programs, then
/// anywhere in the package if only one program there has it.
fn program(contents: &Contents, wanted: &Program, key: &KeyPath) -> Result<Vec<String>, Error> {
    let is_program = |path: &str| contents.programs().any(|program| program == path);
    let found = match wanted {
        Program::Path(path) => {
            Some(crate::assembly::normalise(path.as_str())).filter(|path| is_program(path))
        }
        Program::Name(name) => {
            let usual = PROGRAM_FOLDERS.iter().map(|folder| format!("{folder}/{name}"));
            usual.into_iter().find(|path| is_program(path)).or_else(|| {
                let same = |path: &&str| path.rsplit('/').next() == Some(name.as_str());
                let mut anywhere = contents.programs().filter(same);
                anywhere.next().filter(|_| anywhere.next().is_none()).map(str::to_owned)
            })
        }
    };
    found.and_then(|path| contents.follow(&path)).ok_or_else(|| {
        let text = wanted.to_string();
        let names: Vec<&str> = match wanted {
            Program::Path(_) => contents.programs().collect(),
            Program::Name(_) => contents.programs().filter_map(|path| path.rsplit('/').next()).collect(),
        };
        let help = match corten_recipe::nearest(&text, names.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if names.is_empty() => "this package has no programs".into(),
            None => format!("its programs are: {}", names.join(", ")),
        };
        Error::Recipe {
            what: format!("package {} has no program {text:?}", contents.name),
            key: key.clone(),
            help: Some(help),
        }
    })
}

fn matching<'a>(contents: &'a Contents, pattern: &DataPattern, key: &KeyPath) -> Result<Vec<&'a str>, Error> {
    let paths: Vec<&str> =
        contents.entries.keys().map(String::as_str).filter(|path| pattern.matches(path)).collect();
    if !paths.is_empty() {
        return Ok(paths);
    }
    let near = corten_recipe::nearest(pattern.as_str(), contents.entries.keys().map(String::as_str));
    Err(Error::Recipe {
        what: format!("package {} has no file {:?}", contents.name, pattern.as_str()),
        key: key.clone(),
        help: near.map(|near| format!("did you mean {near:?}?")),
    })
}
