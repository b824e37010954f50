//! Docker's archives (`docker save`; moby, image/spec/v1.2.md): `manifest.json` names for each image its configuration,
//! its layers and its names.
//!
//! ```text
//! [{"Config": "ab….json", "RepoTags": ["x:1"], "Layers": ["cd…/layer.tar", "ef…/layer.tar"]}]
//! ```
//!
//! Such an archive has no manifests with digests. They are made here, from the digests that the configuration has of
//! layers without compression; a layer that is compressed all the same is hashed when the archive is opened.

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde::Deserialize;

use super::files::small;
use super::layout::checked_name;
use super::{Content, Files, Listed, Source, SourceError};
use crate::compression::Compression;
use crate::digest::Digest;
use crate::json::{self, DocumentError, null_is_default};
use crate::manifest::{Descriptor, ImageConfig, Manifest};
use crate::write::Hashing;
use crate::{limits, media};

/// File that lists what is in it.
pub(crate) const LIST: &str = "manifest.json";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default, deserialize_with = "null_is_default")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    layers: Vec<String>,
}

/// An archive of Docker.
#[derive(Debug)]
pub struct DockerArchive<F> {
    files: F,
    blobs: BTreeMap<Digest, Place>,
    /// Digests of compressed layers by path: an archive may name one thousands of times.
    hashed: BTreeMap<String, Digest>,
    images: Vec<Listed>,
}

/// Where a blob is.
#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    File(String),
}

impl<F: Files> DockerArchive<F> {
    /// Reads what is in it; gives the files back if it is none.
    pub fn open(files: F) -> Result<Result<Self, F>, SourceError> {
        let Some(list) = small(&files, LIST)? else { return Ok(Err(files)) };
        let list: Vec<Entry> = json::parse_list(&list).map_err(SourceError::document(LIST))?;
        if list.len() > limits::IMAGES {
            let error = DocumentError::Content(format!("it has more than {} images", limits::IMAGES));
            return Err(SourceError::document(LIST)(error));
        }
        let mut archive = Self { files, blobs: BTreeMap::new(), hashed: BTreeMap::new(), images: Vec::new() };
        for entry in list {
            archive.take(&entry)?;
        }
        Ok(Ok(archive))
    }

    fn take(&mut self, entry: &Entry) -> Result<(), SourceError> {
        let missing = |path: &str| SourceError::Missing(format!("{path:?}"));
        let bytes = small(&self.files, &entry.config)?.ok_or_else(|| missing(&entry.config))?;
        let config = ImageConfig::parse(&bytes).map_err(SourceError::document(&entry.config))?;
        let (layers, ids) = (entry.layers.len(), config.rootfs.diff_ids.len());
        if layers != ids || layers > limits::LAYERS {
            let text = format!("it names {layers} layers of an image that has {ids}");
            return Err(SourceError::document(LIST)(DocumentError::Content(text)));
        }
        let mut descriptors = Vec::new();
        for (path, id) in entry.layers.iter().zip(&config.rootfs.diff_ids) {
            descriptors.push(self.layer(path, *id)?);
        }
        let manifest = Manifest::new(Descriptor::of(media::CONFIG, &bytes), descriptors);
        let platform = config.platform();
        self.blobs.insert(manifest.config.digest, Place::File(entry.config.clone()));
        let bytes = json::write(&manifest);
        let mut descriptor = Descriptor::of(media::MANIFEST, &bytes);
        descriptor.platform = Some(platform);
        self.blobs.insert(descriptor.digest, Place::Memory(bytes));
        if entry.repo_tags.is_empty() {
            self.images.push(Listed { name: None, descriptor: descriptor.clone() });
        }
        for name in &entry.repo_tags {
            let name = Some(checked_name(name).map_err(SourceError::document(LIST))?);
            self.images.push(Listed { name, descriptor: descriptor.clone() });
        }
        if self.images.len() > limits::IMAGES {
            let error = DocumentError::Content(format!("it has more than {} names", limits::IMAGES));
            return Err(SourceError::document(LIST)(error));
        }
        Ok(())
    }

    /// The descriptor of a layer that lies at a path and is `id` without compression.
    fn layer(&mut self, path: &str, id: Digest) -> Result<Descriptor, SourceError> {
        let missing = || SourceError::Missing(format!("{path:?}"));
        let (mut reader, size) = self.files.get(path)?.ok_or_else(missing)?;
        let mut start = Vec::new();
        (&mut reader).take(4).read_to_end(&mut start).map_err(SourceError::reading(path))?;
        let (media_type, digest) = match Compression::of(&start) {
            Compression::None => (media::LAYER, id),
            compressed => {
                let settled = self.files.settled(path).to_owned();
                let digest = match self.hashed.get(&settled) {
                    Some(digest) => *digest,
                    None => hash(io::Cursor::new(start).chain(reader)).map_err(SourceError::reading(path))?,
                };
                self.hashed.insert(settled, digest);
                let gzip = compressed == Compression::Gzip;
                (if gzip { media::LAYER_GZIP } else { media::LAYER_ZSTD }, digest)
            }
        };
        self.blobs.entry(digest).or_insert_with(|| Place::File(path.to_owned()));
        Ok(Descriptor::new(media_type, digest, size))
    }
}

fn hash(mut content: impl Read) -> io::Result<Digest> {
    let mut hashing = Hashing::new(io::sink());
    io::copy(&mut content, &mut hashing)?;
    let (_, digest, _) = hashing.finish();
    Ok(digest)
}

impl<F: Files> Source for DockerArchive<F> {
    fn images(&self) -> &[Listed] {
        &self.images
    }

    fn open<'a>(&'a self, digest: &Digest) -> Result<Content<'a>, SourceError> {
        let missing = || SourceError::Missing(digest.to_string());
        match self.blobs.get(digest).ok_or_else(missing)? {
            Place::Memory(bytes) => Ok((Box::new(&bytes[..]), bytes.len() as u64)),
            Place::File(path) => self.files.get(path)?.ok_or_else(missing),
        }
    }
}
