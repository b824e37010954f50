//! What operating systems and container images take from packages in the same way: programs, libraries, data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use corten_formats::tree::Node;
use corten_recipe::KeyPath;
use corten_recipe::plan::Userland;

use super::closure::{Closure, Located, Packages};
use super::contents::Contents;
use super::licence::licence;
use super::pick::pick;
use crate::error::Error;

/// A file of a package that becomes part of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Path in the image.
    pub path: String,
    /// The file.
    pub node: Node,
    /// The package that it comes from.
    pub package: String,
}

/// What is taken from packages.
#[derive(Debug, Default)]
pub struct Taken {
    /// Files, in order of package and path.
    pub files: Vec<Selected>,
    /// Certificates for the bundle.
    pub certificates: Vec<Bytes>,
    /// Packages that something was taken from.
    pub used: BTreeSet<String>,
}

/// The packages that a recipe names: name and version constraint as Debian writes it.
pub fn userland_requests(userland: Userland<'_>) -> BTreeMap<String, Option<String>> {
    let version = |selection: &corten_recipe::Selection| selection.version.as_ref().map(ToString::to_string);
    let wanted = userland.packages.iter();
    wanted.map(|(name, selection)| (name.to_string(), version(selection))).collect()
}

/// Takes what a recipe names, and the libraries that it needs. `loaded` holds at least the packages that are named.
pub fn take(
    userland: Userland<'_>,
    loaded: &BTreeMap<String, Arc<Contents>>,
    packages: &dyn Packages,
    multiarch: &str,
) -> Result<Taken, Error> {
    let mut all = Taken::default();
    let mut located: BTreeSet<Located> = BTreeSet::new();
    for (name, wanted) in userland.packages {
        let contents = &loaded[name.as_str()];
        let picked = pick(contents, wanted, &KeyPath::of(&["packages", name.as_str()]))?;
        if !picked.certificates.is_empty() {
            all.used.insert(name.as_str().to_owned());
        }
        let paths = picked.programs.into_iter().chain(picked.data);
        located.extend(paths.map(|path| (name.as_str().to_owned(), path)));
        all.certificates.extend(picked.certificates);
    }
    let roots: Vec<Located> = located.iter().cloned().collect();
    located.extend(Closure::new(packages, multiarch).of(&roots)?);
    for (package, path) in located {
        let contents = packages.load(std::slice::from_ref(&package))?.swap_remove(0);
        // A link comes with what it leads to, as far as that lies in the same package.
        for path in contents.follow(&path).unwrap_or_else(|| vec![path]) {
            let Some(node) = contents.entries.get(&path).cloned() else { continue };
            all.files.push(Selected { path, node, package: package.clone() });
        }
        all.used.insert(package);
    }
    Ok(all)
}

/// The licences of packages, where they say them.
pub fn licences(
    used: BTreeSet<String>,
    packages: &dyn Packages,
) -> Result<BTreeMap<String, Option<String>>, Error> {
    let mut licences = BTreeMap::new();
    for name in used {
        let contents = packages.load(std::slice::from_ref(&name))?.swap_remove(0);
        licences.insert(name, licence(&contents));
    }
    Ok(licences)
}
