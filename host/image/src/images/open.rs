//! Opening the images that a recipe names: which one of an archive is meant, and what identifies it.

use std::fs::File;
use std::path::Path;

use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Platform};
use corten_oci::source::{self, Listed, Opened, Source as _, SourceError};
use corten_recipe::plan::ContainerImage;
use corten_recipe::{KeyPath, Plan};

use crate::error::Error;

/// How much larger than a slot images may be before they are compressed. More than this no compression saves.
const LARGER: u64 = 16;

/// An image whose documents are read and verified; its layers are not read yet.
#[derive(Debug)]
pub struct OpenImage<'p> {
    /// What the recipe says.
    pub planned: &'p ContainerImage,
    /// The key of its source in the recipe.
    pub key: KeyPath,
    /// Where its layers are.
    pub source: Opened,
    /// Its documents.
    pub image: source::Image,
    /// What its source lists it by: its manifest, or an index with it.
    pub listed: Digest,
}

impl OpenImage<'_> {
    /// What an error says of this image, pointing at its source in the recipe.
    pub fn fault(&self, why: impl std::fmt::Display) -> Error {
        fault(self.planned, &self.key, &why.to_string(), None)
    }
}

/// Most bytes that layers and archives of a plan have without compression.
pub fn limit(plan: &Plan) -> u64 {
    plan.image.slot_size.bytes().saturating_mul(LARGER)
}

/// Opens every image of a plan.
pub fn open(plan: &Plan) -> Result<Vec<OpenImage<'_>>, Error> {
    let platform =
        Platform { architecture: plan.archive.architecture.to_string(), ..Platform::linux_amd64() };
    let one = |(n, planned)| open_one(planned, &KeyPath::of(&["images"]).item(n), &platform, limit(plan));
    plan.images.iter().enumerate().map(one).collect()
}

/// What tells these images from all others: names and digests.
pub fn identity(images: &[OpenImage<'_>]) -> String {
    let line = |open: &OpenImage<'_>| {
        format!("{} {} {}\n", open.planned.name, open.listed, open.image.descriptor.digest)
    };
    images.iter().map(line).collect()
}

fn open_one<'p>(
    planned: &'p ContainerImage,
    item: &KeyPath,
    platform: &Platform,
    limit: u64,
) -> Result<OpenImage<'p>, Error> {
    let key = item.key("source");
    let wrong = |why: SourceError| fault(planned, &key, &why.to_string(), help_for(&planned.source, &why));
    let source = source::open(&planned.source, spool, limit).map_err(wrong)?;
    let listed = choose(source.images(), planned, &key)?.clone();
    let image = source::load(&source, &listed, platform).map_err(wrong)?;
    if let Some(wanted) = planned.digest.as_ref().map(|digest| digest.0)
        && wanted != image.descriptor.digest
        && wanted != listed.digest
    {
        let what = format!("image {}: its digest is {}", planned.name, image.descriptor.digest);
        let help = Some("the source holds another image".into());
        return Err(Error::Recipe { what, key: item.key("digest"), help });
    }
    Ok(OpenImage { planned, key, listed: listed.digest, source, image })
}

/// The image that is meant: the one of the digest, the one of the name, or the only one.
fn choose<'l>(
    images: &'l [Listed],
    planned: &ContainerImage,
    key: &KeyPath,
) -> Result<&'l Descriptor, Error> {
    let digest = planned.digest.as_ref().map(|digest| digest.0);
    if let Some(found) = images.iter().find(|image| Some(image.descriptor.digest) == digest) {
        return Ok(&found.descriptor);
    }
    let name = planned.name.to_string();
    if let Some(found) = images.iter().find(|image| image.name.as_ref() == Some(&name)) {
        return Ok(&found.descriptor);
    }
    let first = images.first().map(|image| &image.descriptor);
    match first.filter(|first| images.iter().all(|image| image.descriptor.digest == first.digest)) {
        Some(only) => Ok(only),
        None if images.is_empty() => Err(fault(planned, key, "there is no image in it", None)),
        None => {
            let names: Vec<&str> = images.iter().filter_map(|image| image.name.as_deref()).collect();
            let help = format!("its images are: {}; a `digest` says which is meant", names.join(", "));
            Err(fault(planned, key, "there are several images in it, and none of this name", Some(help)))
        }
    }
}

fn fault(planned: &ContainerImage, key: &KeyPath, why: &str, help: Option<String>) -> Error {
    Error::Recipe { what: format!("image {}: {why}", planned.name), key: key.clone(), help }
}

fn help_for(path: &Path, why: &SourceError) -> Option<String> {
    match why {
        SourceError::Io { .. } if !path.exists() => {
            Some("paths are relative to the recipe; `corten oci pack` makes such an archive".into())
        }
        SourceError::Platform { .. } => Some("images are of the recipe's architecture".into()),
        _ => None,
    }
}

/// A file without a name for an archive without its compression.
fn spool() -> std::io::Result<File> {
    tempfile::tempfile()
}
