//! The merged recipe as TOML, with a comment on each value that says where it was written.

use corten_document::{Node, Part, Writer};

use crate::load::Merged;

/// The keys of a recipe in the order in which a person reads them.
const ORDER: [&str; 16] = [
    "name",
    "version",
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
    "image",
    "secure-boot",
];

impl Merged {
    /// The merged recipe as TOML. It is a recipe again, one that extends nothing.
    pub fn to_toml(&self) -> String {
        let comment = |node: &Node, part: Part| {
            self.origins.place(node, part).map(|origin| format!("# {origin}")).unwrap_or_default()
        };
        Writer { order: &ORDER, comment: &comment }.write(self.origins.tree())
    }
}
