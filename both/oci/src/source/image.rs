//! From the descriptor that a source lists to manifest and configuration.

use std::collections::BTreeSet;

use super::{Listed, Source, SourceError, document};
use crate::digest::Digest;
use crate::json::DocumentError;
use crate::limits;
use crate::manifest::{Descriptor, ImageConfig, Index, Manifest, Platform};
use crate::media;
use crate::write::Layer;

/// Indexes within indexes. What is listed may be one, and what that holds may be another one.
const NESTING: usize = 2;

/// An image on one platform, its documents verified and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Of its manifest. Where that is one of an index, the image is still known by the digest of the index.
    pub descriptor: Descriptor,
    /// Bytes of the manifest.
    pub manifest_bytes: Vec<u8>,
    /// What it consists of.
    pub manifest: Manifest,
    /// Bytes of the configuration.
    pub config_bytes: Vec<u8>,
    /// How it is run.
    pub config: ImageConfig,
}

impl Image {
    /// Its layers, the lowest first, with the names that OCI has for them.
    pub fn layers(&self) -> Vec<Layer> {
        let pairs = self.manifest.layers.iter().zip(&self.config.rootfs.diff_ids);
        let layer = |(stored, diff_id): (&Descriptor, &Digest)| Layer {
            descriptor: Descriptor::new(media::oci_layer(&stored.media_type), stored.digest, stored.size),
            diff_id: *diff_id,
        };
        pairs.map(layer).collect()
    }

    /// Bytes of all layers as they are stored.
    pub fn size(&self) -> u64 {
        self.manifest.layers.iter().fold(0, |sum, layer| sum.saturating_add(layer.size))
    }
}

/// The image that a descriptor leads to on a platform.
pub fn load(source: &dyn Source, listed: &Descriptor, platform: &Platform) -> Result<Image, SourceError> {
    let refused = |found| SourceError::Platform {
        digest: listed.digest.to_string(),
        wanted: platform.to_string(),
        found,
    };
    let mut descriptor = listed.clone();
    let mut indexes = 0;
    while media::is_index(&descriptor.media_type) && indexes < NESTING {
        let bytes = document(source, &descriptor)?;
        let index = Index::parse(&bytes).map_err(SourceError::document(descriptor.digest.to_string()))?;
        let only = match &index.manifests[..] {
            [only] => only.platform.as_ref().map(ToString::to_string),
            _ => None,
        };
        descriptor = index.select(platform).ok_or_else(|| refused(only))?.clone();
        indexes += 1;
    }
    is_image(&descriptor)?;
    let image = manifest(source, descriptor)?;
    // An index may say anything; the configuration is what the image says of itself.
    let own = image.config.platform();
    if platform.runs(&own) { Ok(image) } else { Err(refused(Some(own.to_string()))) }
}

/// All images that a descriptor leads to, whatever they run on. What an index lists besides images, statements about
/// them for example, is passed over, as is what it lists and the source does not have.
pub fn load_all(source: &dyn Source, listed: &Descriptor) -> Result<Vec<Image>, SourceError> {
    let mut images = Vec::new();
    let mut open = vec![(listed.clone(), 0)];
    // One that is named a thousand times is read once.
    let mut seen = BTreeSet::new();
    while let Some((descriptor, indexes)) = open.pop() {
        if !seen.insert(descriptor.digest) {
            continue;
        }
        if media::is_index(&descriptor.media_type) && indexes < NESTING {
            let bytes = document(source, &descriptor)?;
            let index = Index::parse(&bytes).map_err(SourceError::document(descriptor.digest.to_string()))?;
            // The first one is looked at first.
            open.extend(index.manifests.into_iter().rev().map(|inner| (inner, indexes + 1)));
            if open.len() > limits::IMAGES {
                let error =
                    DocumentError::Content(format!("it leads to more than {} images", limits::IMAGES));
                return Err(SourceError::document(listed.digest.to_string())(error));
            }
            continue;
        }
        let loaded = is_image(&descriptor).and_then(|()| manifest(source, descriptor));
        match loaded {
            Ok(image) => images.push(image),
            // Of an index it is one of many.
            Err(SourceError::Missing(_) | SourceError::NotAnImage { .. }) if indexes > 0 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(images)
}

fn is_image(descriptor: &Descriptor) -> Result<(), SourceError> {
    if media::is_manifest(&descriptor.media_type) {
        return Ok(());
    }
    Err(not_an_image(descriptor, &descriptor.media_type))
}

fn not_an_image(descriptor: &Descriptor, media_type: &str) -> SourceError {
    let media_type = media_type.chars().take(160).collect();
    SourceError::NotAnImage { digest: descriptor.digest.to_string(), media_type }
}

fn manifest(source: &dyn Source, descriptor: Descriptor) -> Result<Image, SourceError> {
    let what = descriptor.digest.to_string();
    let manifest_bytes = document(source, &descriptor)?;
    let manifest = Manifest::parse_artifact(&manifest_bytes).map_err(SourceError::document(&what))?;
    if let Some(foreign) = manifest.foreign() {
        return Err(not_an_image(&descriptor, foreign));
    }
    let config_bytes = document(source, &manifest.config)?;
    let config = ImageConfig::parse_for(&manifest, &config_bytes)
        .map_err(SourceError::document(manifest.config.digest.to_string()))?;
    Ok(Image { descriptor, manifest_bytes, manifest, config_bytes, config })
}

/// The images that are listed under a name or, if none is, have it as the digest of what is listed.
pub fn named<'a>(images: &'a [Listed], name: &str) -> Vec<&'a Listed> {
    let exact: Vec<_> = images.iter().filter(|image| image.name.as_deref() == Some(name)).collect();
    if !exact.is_empty() {
        return exact;
    }
    images.iter().filter(|image| image.descriptor.digest.to_string() == name).collect()
}
