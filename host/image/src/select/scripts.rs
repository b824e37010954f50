//! Which packages' maintainer scripts are accounted for.
//!
//! Scripts never run. What debhelper generates in them is about a running systemd or dpkg's own state, so an image
//! needs none of it; the rest of a script is accounted for by something that the builder produces, or by the
//! recipe saying why it need not run.

use std::collections::BTreeMap;

use corten_archive::scripts::residue;
use corten_recipe::Plan;

use super::contents::Contents;

/// Packages whose scripts the builder answers for, and with what.
const PRODUCED: [(&str, &str); 5] = [
    ("ca-certificates", "certificate bundle"),
    ("libc6", "the image has no ldconfig cache: libraries lie in the loader's own folders"),
    ("linux-image-", "module index"),
    ("ntpd-rs", "accounts: the user stands in the recipe"),
    ("netbase", "its files are taken by name"),
];

/// A package with script lines that nothing answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unaccounted {
    /// Name of the package.
    pub package: String,
    /// The lines that remain, by script.
    pub lines: BTreeMap<String, Vec<String>>,
}

/// What remains of a package's scripts; `None` where everything is accounted for.
pub fn unaccounted(contents: &Contents, plan: &Plan) -> Option<Unaccounted> {
    let named = plan.scripts.keys().any(|name| name.as_str() == contents.name);
    let produced = PRODUCED.iter().any(|(name, _)| match name.strip_suffix('-') {
        Some(prefix) => contents.name.starts_with(prefix),
        None => contents.name == *name,
    });
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
