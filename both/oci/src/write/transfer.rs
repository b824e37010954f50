//! From a source to a layout. Manifests and configurations are copied as bytes, so an image keeps its digest.

use super::{Sink, WriteError};
use crate::manifest::{Descriptor, Index, Manifest, Platform};
use crate::media;
use crate::source::{Source, SourceError, document, load};

/// How much of an index is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The image for a platform alone. It is known by the digest of its own manifest then.
    Platform(Platform),
    /// All that it names.
    All,
}

/// Copies what a descriptor leads to, and gives the descriptor of what was copied. It is listed nowhere yet.
pub fn transfer(
    source: &dyn Source,
    listed: &Descriptor,
    sink: &mut dyn Sink,
    which: &Which,
) -> Result<Descriptor, WriteError> {
    match which {
        Which::Platform(platform) => {
            let image = load(source, listed, platform)?;
            for layer in &image.manifest.layers {
                copy_blob(source, layer, sink)?;
            }
            sink.blob(&image.manifest.config, &mut &image.config_bytes[..])?;
            let mut descriptor = image.descriptor.clone();
            sink.blob(&descriptor, &mut &image.manifest_bytes[..])?;
            descriptor.platform = Some(image.config.platform());
            Ok(descriptor)
        }
        Which::All => {
            whole(source, listed, sink, Depth::Listed)?;
            Ok(listed.clone())
        }
    }
}

/// How deep an index lies: one may hold others, and those may not.
#[derive(Clone, Copy)]
enum Depth {
    Listed,
    Nested,
}

fn whole(
    source: &dyn Source,
    descriptor: &Descriptor,
    sink: &mut dyn Sink,
    depth: Depth,
) -> Result<(), WriteError> {
    let what = descriptor.digest.to_string();
    let refused = || {
        let media_type = descriptor.media_type.chars().take(160).collect();
        SourceError::NotAnImage { digest: what.clone(), media_type }
    };
    let bytes = if media::is_index(&descriptor.media_type) {
        let bytes = document(source, descriptor)?;
        let index = Index::parse(&bytes).map_err(SourceError::document(&what))?;
        for inner in &index.manifests {
            match (depth, media::is_index(&inner.media_type)) {
                (Depth::Listed, _) | (Depth::Nested, false) => whole(source, inner, sink, Depth::Nested)?,
                (Depth::Nested, true) => return Err(refused().into()),
            }
        }
        bytes
    } else if media::is_manifest(&descriptor.media_type) {
        let bytes = document(source, descriptor)?;
        // Besides images there are statements about them.
        let manifest = Manifest::parse_artifact(&bytes).map_err(SourceError::document(&what))?;
        for part in manifest.layers.iter().chain([&manifest.config]) {
            copy_blob(source, part, sink)?;
        }
        bytes
    } else {
        return Err(refused().into());
    };
    sink.blob(descriptor, &mut &bytes[..])
}

/// Copies a blob that is not there yet. The sink verifies it.
pub fn copy_blob(
    source: &dyn Source,
    descriptor: &Descriptor,
    sink: &mut dyn Sink,
) -> Result<(), WriteError> {
    if sink.has(&descriptor.digest) {
        return Ok(());
    }
    let (mut content, _) = source.open(&descriptor.digest)?;
    sink.blob(descriptor, &mut content)
}
