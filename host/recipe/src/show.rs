//! The merged recipe as TOML, with a comment on each value that says where it was written.

use corten_document::{Node, Origins, Part, Writer};

use crate::load::{Merged, MergedContainer};

/// The keys of a recipe in the order in which a person reads them.
const ORDER: [&str; 19] = [
    "name",
    "version",
    "tag",
    "description",
    "archive",
    "kernel",
    "packages",
    "scripts",
    "directories",
    "files",
    "links",
    "users",
    "groups",
    "services",
    "sysctl",
    "container",
    "image",
    "images",
    "secure-boot",
];

impl Merged {
    /// The merged recipe as TOML. It is a recipe again, one that extends nothing.
    pub fn to_toml(&self) -> String {
        shown(&self.origins)
    }
}

impl MergedContainer {
    /// The merged recipe as TOML. It is a container recipe again, one that extends nothing.
    pub fn to_toml(&self) -> String {
        shown(&self.origins)
    }
}

fn shown(origins: &Origins) -> String {
    let comment = |node: &Node, part: Part| {
        origins.place(node, part).map(|origin| format!("# {origin}")).unwrap_or_default()
    };
    Writer { order: &ORDER, comment: &comment }.write(origins.tree())
}
