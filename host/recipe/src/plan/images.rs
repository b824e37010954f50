//! The part of a plan that is about container images.

use std::collections::BTreeMap;
use std::path::PathBuf;

use corten_document::{Court, KeyPath};
use serde::Serialize;

use crate::types::{ImageDigest, ImageName};
use crate::written;

/// A container image that the root holds.
///
/// Serialised it says only what is asked of it: what the archive holds is for the builder to find out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ContainerImage {
    /// The name that workloads use.
    pub name: ImageName,
    /// Archive, or folder with an OCI layout.
    #[serde(skip)]
    pub source: PathBuf,
    /// Digest that its manifest has to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<ImageDigest>,
}

/// The images in the order of the recipe, which is that of their keys; each name once.
pub(super) fn decide(
    images: Option<&[written::ContainerImage]>,
    court: &mut Court<'_>,
) -> Vec<ContainerImage> {
    let mut places: BTreeMap<ImageName, KeyPath> = BTreeMap::new();
    let mut decided = Vec::new();
    for (n, image) in images.into_iter().flatten().enumerate() {
        let key = KeyPath::of(&["images"]).item(n);
        let (Some(name), Some(source)) = (&image.name, &image.source) else { continue };
        if let Some(other) = places.insert(name.clone(), key.key("name")) {
            let message = format!("two images are named `{name}`");
            court.conflict(message, &key.key("name"), ("the other is here", &other));
        }
        decided.push(ContainerImage {
            name: name.clone(),
            source: source.as_str().into(),
            digest: image.digest.clone(),
        });
    }
    decided
}
