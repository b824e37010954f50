//! Which packages' maintainer scripts are accounted for.
//!
//! Scripts never run. What debhelper generates in them is about a running systemd or dpkg's own state, so an image
//! needs none of it; the rest of a script is accounted for by something that the builder produces, or by the
//! recipe saying why it need not run.

use std::collections::BTreeMap;

use corten_archive::scripts::residue;
use corten_recipe::types::{PackageName, Text};

use super::contents::Contents;

/// Packages by the beginning of their name whose scripts the builder answers for itself, whatever the recipe: the
/// kernel's make the module index, and an initrd.
const PRODUCED: [&str; 1] = ["linux-image-"];

/// A package with script lines that nothing answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unaccounted {
    /// Name of the package.
    pub package: String,
    /// The lines that remain, by script.
    pub lines: BTreeMap<String, Vec<String>>,
}

/// What remains of a package's scripts; `None` where everything is accounted for, by the recipe's `scripts` for one.
pub fn unaccounted(contents: &Contents, scripts: &BTreeMap<PackageName, Text>) -> Option<Unaccounted> {
    let named = scripts.keys().any(|name| name.as_str() == contents.name);
    let produced = PRODUCED.iter().any(|prefix| contents.name.starts_with(prefix));
    if named || produced {
        return None;
    }
    // Scripts that run when a package goes away have nothing to say about an image that it stays in.
    let installing =
        contents.scripts.iter().filter(|(name, _)| matches!(name.as_str(), "preinst" | "postinst"));
    let lines: BTreeMap<String, Vec<String>> = installing
        .map(|(name, text)| (name.clone(), residue(text).lines))
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    (!lines.is_empty()).then(|| Unaccounted { package: contents.name.clone(), lines })
}
