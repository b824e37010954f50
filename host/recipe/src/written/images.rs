//! `[[image]]`, or `[[images]]` in a file that has `[image]` as well.
//!
//! `image` was the table of sizes and formats first, and TOML lets a name mean one thing in a file. So a list under
//! that name is moved to `images` before anything is read or merged; from there on there is one name.

use std::collections::btree_map::Entry;

use corten_document::{Diagnostic, Node, Read, Table, Value};
use schemars::JsonSchema;

use crate::types::{ImageDigest, ImageName, Text};

/// A container image that the root holds.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ContainerImage {
    /// The name that workloads use, with a tag or without: `web:1`. An image of an extended recipe that has the same
    /// name is replaced.
    #[schemars(with = "ImageName")]
    pub name: Option<ImageName>,
    /// Path of an OCI or docker archive, or of a folder with an OCI layout, relative to this recipe.
    #[schemars(with = "Text")]
    pub source: Option<Text>,
    /// Digest that the image's manifest has to have: `sha256:` and 64 hexadecimal digits.
    pub digest: Option<ImageDigest>,
}

impl Read for ContainerImage {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            name: table.required("name", "web:1"),
            source: table.required("source", "web.tar"),
            digest: table.text("digest"),
        }
    }
}

/// Moves a list under `image` to `images`.
pub(crate) fn gather(recipe: &mut Node) {
    let Value::Table(entries) = &mut recipe.value else { return };
    let is_list = |node: &Node| matches!(node.value, Value::List(_));
    if !entries.get("image").is_some_and(is_list) {
        return;
    }
    let Some(list) = entries.remove("image") else { return };
    match entries.entry("images".to_owned()) {
        Entry::Vacant(free) => drop(free.insert(list)),
        Entry::Occupied(mut there) => {
            if let (Value::List(items), Value::List(more)) = (&mut there.get_mut().value, list.value) {
                items.extend(more);
            }
        }
    }
}

/// Says which of the two names is meant where the complaint is that the other one stands there.
pub(crate) fn explain(complaint: Diagnostic) -> Diagnostic {
    let is_list = |line: &str| line.trim_start().starts_with("[[image]]");
    let has_list = complaint.origin().is_some_and(|origin| origin.source.text.lines().any(is_list));
    let is_twice = complaint.code() == "recipe::duplicate-key" && has_list;
    let key = complaint.key().map(ToString::to_string).unwrap_or_default();
    if is_twice && complaint.message().contains("image") {
        complaint.with_help("a recipe with `[image]` writes `[[images]]` for its container images")
    } else if complaint.code() == "recipe::unknown-key" && FIELDS.contains(&key.as_str()) {
        complaint.with_help("a container image is `[[image]]`, or `[[images]]` in a recipe with `[image]`")
    } else {
        complaint
    }
}

/// Keys of a container image, as they look in a table of sizes.
const FIELDS: [&str; 3] = ["image.name", "image.source", "image.digest"];

/// `image` for the schema: a table, or a list of what `images` holds.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "the reader takes the list for `images`")]
pub(super) enum ImageOrImages {
    Image(super::Image),
    Images(Vec<ContainerImage>),
}
