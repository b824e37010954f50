//! What a name leads to, in the terms of a fetch: an index or a manifest, with failures that have a class. Both sides read
//! documents with this: the child to know what to ask for, the parent to know that nothing else is handed over.

use corten_oci::digest::Digest;
use corten_oci::json::{self, DocumentError};
use corten_oci::manifest::{Descriptor, ImageConfig, Index, Manifest, Platform};
use corten_oci::{limits as documents, media};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::failure::{Class, Failure, quote};
use crate::limits::MAX_LAYER;

/// What a name may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// Images for several platforms.
    Index(Index),
    /// One image.
    Manifest(Box<Manifest>),
}

/// What of a document says which kind it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
}

/// Reads an index or a manifest. `said` is the media type under which it came; it has to be of the same kind.
pub fn read(bytes: &[u8], said: Option<&str>) -> Result<Document, Failure> {
    let failed = |error| document_failure("the manifest", &error);
    let kind: Kind = json::parse(bytes).map_err(failed)?;
    let said = said.map(|said| said.split(';').next().unwrap_or_default().trim());
    let is_index = match kind.media_type.as_deref().filter(|own| !own.is_empty()) {
        Some(own) => media::is_index(own),
        None => kind.manifests.is_some(),
    };
    let contradicts = |said: &str| if is_index { media::is_manifest(said) } else { media::is_index(said) };
    if let Some(said) = said.filter(|said| contradicts(said)) {
        let message = format!("it came as {} and is something else", quote(said));
        return Err(Failure::new(Class::Protocol, message));
    }
    if is_index {
        return Ok(Document::Index(Index::parse(bytes).map_err(failed)?));
    }
    let manifest = Manifest::parse(bytes).map_err(failed)?;
    check_sizes(&manifest)?;
    Ok(Document::Manifest(Box::new(manifest)))
}

/// Reads the configuration of an image, which has to be for this platform.
pub fn read_config(manifest: &Manifest, bytes: &[u8], platform: &Platform) -> Result<ImageConfig, Failure> {
    let config = ImageConfig::parse_for(manifest, bytes)
        .map_err(|error| document_failure("the configuration of the image", &error))?;
    if !platform.runs(&config.platform()) {
        let message =
            format!("the image is for {}, and not for {platform}", quote(&config.platform().to_string()));
        return Err(Failure::new(Class::NotFound, message));
    }
    Ok(config)
}

/// Reads a manifest that may be of anything, a signature for example.
pub fn read_artifact(bytes: &[u8]) -> Result<Manifest, Failure> {
    Manifest::parse_artifact(bytes)
        .map_err(|error| document_failure("the manifest of the signatures", &error))
}

/// The layers of an image, each once, in the order of the manifest.
pub fn layers(manifest: &Manifest) -> Vec<&Descriptor> {
    let mut layers: Vec<&Descriptor> = Vec::new();
    for layer in &manifest.layers {
        if !layers.iter().any(|known| known.digest == layer.digest) {
            layers.push(layer);
        }
    }
    layers
}

/// Checks what another document says of one before it is fetched.
pub fn check_document_size(digest: &Digest, size: u64) -> Result<(), Failure> {
    check_size(digest, size, documents::DOCUMENT)
}

fn check_sizes(manifest: &Manifest) -> Result<(), Failure> {
    check_document_size(&manifest.config.digest, manifest.config.size)?;
    for layer in &manifest.layers {
        check_size(&layer.digest, layer.size, MAX_LAYER)?;
        // One content has one size, or whoever keeps it by its digest would not know which.
        if manifest.layers.iter().any(|other| other.digest == layer.digest && other.size != layer.size) {
            let message = format!("the manifest names {} with two sizes", layer.digest);
            return Err(Failure::new(Class::Protocol, message));
        }
    }
    Ok(())
}

fn check_size(digest: &Digest, size: u64, most: u64) -> Result<(), Failure> {
    if size <= most {
        return Ok(());
    }
    Err(Failure::new(
        Class::TooLarge,
        format!("{digest} is said to have {size} bytes, of which {most} are taken"),
    ))
}

fn document_failure(what: &str, error: &DocumentError) -> Failure {
    let class = match error {
        DocumentError::Size | DocumentError::Depth | DocumentError::Values => Class::TooLarge,
        DocumentError::Json(_) | DocumentError::Ambiguous | DocumentError::Content(_) => Class::Protocol,
    };
    Failure::new(class, format!("{what} can't be used: {}", quote(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(size: u64, count: usize) -> String {
        let digest = Digest::of(b"x");
        let layer = format!(r#"{{"mediaType":"{}","digest":"{digest}","size":{size}}}"#, media::LAYER);
        let layers = vec![layer; count].join(",");
        let config = format!(r#"{{"mediaType":"{}","digest":"{digest}","size":2}}"#, media::CONFIG);
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#)
    }

    fn class(text: &str, said: Option<&str>) -> Option<Class> {
        read(text.as_bytes(), said).err().map(|failure| failure.class)
    }

    #[test]
    fn manifests_are_read() {
        let Ok(Document::Manifest(manifest)) = read(manifest(7, 2).as_bytes(), None) else {
            panic!("a manifest")
        };
        assert_eq!((manifest.layers.len(), layers(&manifest).len()), (2, 1));
    }

    #[test]
    fn what_is_too_large_is_not_taken() {
        assert_eq!(class(&manifest(MAX_LAYER, 128), None), None);
        assert_eq!(class(&manifest(MAX_LAYER + 1, 1), None), Some(Class::TooLarge));
        assert_eq!(class(&"[".repeat(100_000), None), Some(Class::TooLarge));
        assert!(class(&manifest(1, 129), None).is_some());
    }

    #[test]
    fn what_is_two_things_or_none_is_not_taken() {
        let both = manifest(1, 1).replacen('{', r#"{"manifests":[],"#, 1);
        let other = format!(r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#, media::MANIFEST);
        let two_sizes = manifest(1, 2).replacen(r#""size":1"#, r#""size":3"#, 1);
        for text in [&both, &other, &two_sizes, "{}", "", r#"{"schemaVersion":2}"#] {
            assert_eq!(class(text, None), Some(Class::Protocol), "{text:.60}");
        }
        assert_eq!(class(&manifest(1, 1), Some(media::INDEX)), Some(Class::Protocol));
        assert_eq!(class(&manifest(1, 1), Some("application/json; charset=utf-8")), None);
    }

    #[test]
    fn an_image_for_another_machine_is_not_found() {
        let Ok(Document::Manifest(manifest)) = read(manifest(7, 0).as_bytes(), None) else {
            panic!("a manifest")
        };
        let config = |architecture: &str| {
            let text = format!(
                r#"{{"os":"linux","architecture":"{architecture}","rootfs":{{"type":"layers","diff_ids":[]}}}}"#
            );
            read_config(&manifest, text.as_bytes(), &Platform::linux_amd64()).map_err(|failure| failure.class)
        };
        assert!(config("amd64").is_ok());
        assert_eq!(config("arm64").map(|_| ()), Err(Class::NotFound));
    }
}
