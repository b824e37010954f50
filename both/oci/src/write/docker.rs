//! Writing an archive of Docker (moby, image/spec/v1.2.md), which `docker load` and others read. Its layers are not
//! compressed.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use serde::Serialize;

use super::WriteError;
use crate::compression::Decoder;
use crate::digest::Digest;
use crate::json;
use crate::layer::{Entry, Kind, Limits};
use crate::manifest::Descriptor;
use crate::reference::Reference;
use crate::source::{Image, LIST, Source, SourceError, blob};
use crate::tar::TarWriter;
use crate::verified::Verified;

/// Writes an archive of Docker: configurations and layers as they come, and the list of images at the end.
#[derive(Debug)]
pub struct DockerWriter<W> {
    tar: TarWriter<W>,
    written: BTreeSet<String>,
    list: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

impl<W: Write> DockerWriter<W> {
    /// An archive without images.
    pub fn new(out: W) -> Self {
        Self { tar: TarWriter::new(out), written: BTreeSet::new(), list: Vec::new() }
    }

    /// Adds an image, under a name with a tag if it has one. An image that is there already gets one more name.
    pub fn image(
        &mut self,
        source: &dyn Source,
        image: &Image,
        name: Option<&Reference>,
    ) -> Result<(), WriteError> {
        let tag = name.map(|name| match (name.tag(), name.digest()) {
            (Some(_), None) => Ok(name.to_string()),
            _ => Err(WriteError::NoTag(name.to_string())),
        });
        let tag = tag.transpose()?;
        for item in &mut self.list {
            item.repo_tags.retain(|other| Some(other) != tag.as_ref());
        }
        let config = format!("{}.json", image.manifest.config.digest.hex());
        if let Some(item) = self.list.iter_mut().find(|item| item.config == config) {
            item.repo_tags.extend(tag);
            return Ok(());
        }
        let layers: Vec<String> =
            image.config.rootfs.diff_ids.iter().map(|id| format!("{}.tar", id.hex())).collect();
        for ((stored, id), path) in
            image.manifest.layers.iter().zip(&image.config.rootfs.diff_ids).zip(&layers)
        {
            self.layer(source, stored, *id, path)?;
        }
        let bytes = &image.config_bytes;
        if self.written.insert(config.clone()) {
            self.file(&config, bytes.len() as u64, &mut &bytes[..])?;
        }
        self.list.push(Item { config, repo_tags: tag.into_iter().collect(), layers });
        Ok(())
    }

    /// Writes the list and ends the archive.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let list = json::write(&self.list);
        self.file(LIST, list.len() as u64, &mut &list[..])?;
        self.tar.finish().map_err(WriteError::io("an archive"))
    }

    fn layer(
        &mut self,
        source: &dyn Source,
        stored: &Descriptor,
        id: Digest,
        path: &str,
    ) -> Result<(), WriteError> {
        if !self.written.insert(path.to_owned()) {
            return Ok(());
        }
        let what = stored.digest.to_string();
        let decoder = || -> Result<_, WriteError> {
            let decoder = Decoder::new(blob(source, stored)?).map_err(SourceError::reading(&what))?;
            Ok(decoder.take(Limits::default().bytes))
        };
        // A header says how long its content is, and how long that is without compression nobody says.
        let counted = decoder().and_then(|mut decoder| {
            io::copy(&mut decoder, &mut io::sink()).map_err(|error| SourceError::reading(&what)(error).into())
        });
        let size = match counted {
            Ok(size) => size,
            Err(error) => {
                // What can't be unpacked may have been changed, which says more.
                blob(source, stored)?.finish().map_err(SourceError::reading(&what))?;
                return Err(error);
            }
        };
        self.file(path, size, &mut Verified::new(decoder()?, id, size))
    }

    fn file(&mut self, path: &str, size: u64, content: &mut dyn Read) -> Result<(), WriteError> {
        let file = Entry::new(path, Kind::File(size), 0o644).member();
        self.tar.add(&file, content).map_err(WriteError::tar)
    }
}
