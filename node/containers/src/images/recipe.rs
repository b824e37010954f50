//! Images that the node's own root holds.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use corten_api::v1;
use corten_services::images::{self, IMAGES_INDEX_PATH};

use super::meant::means;
use super::{From, Image, Users};
use crate::spec::ImageProcess;

/// Bytes of the largest index.
const MAX_INDEX: u64 = 16 << 20;

/// What a name with a digest may mean it by.
fn digests(image: &images::Image) -> [&str; 2] {
    [&image.digest, image.index_digest.as_deref().unwrap_or_default()]
}

/// The images of a root.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    images: Vec<images::Image>,
    root: PathBuf,
}

impl Recipe {
    /// Reads the index of a root. A root without one holds no images.
    pub fn read(root: &Path) -> Result<Self, std::io::Error> {
        let path = root.join(IMAGES_INDEX_PATH.trim_start_matches('/'));
        let mut text = Vec::new();
        match fs::File::open(&path) {
            Ok(file) => file.take(MAX_INDEX).read_to_end(&mut text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let index: images::Images = serde_json::from_slice(&text)?;
        Ok(Self { images: index.images, root: root.to_owned() })
    }

    /// One of them.
    pub(super) fn find(&self, name: &str) -> Option<Image> {
        let is_meant = |image: &&images::Image| means(name, &image.name, &digests(image));
        let image = self.images.iter().find(is_meant)?;
        let folder = |layer: &images::ImageLayer| {
            self.root.join(images::layer_path(&layer.diff_id).trim_start_matches('/'))
        };
        let config = &image.config;
        Some(Image {
            name: image.name.clone(),
            digest: image.digest.clone(),
            from: From::Recipe,
            layers: image.layers.iter().rev().map(folder).collect(),
            process: ImageProcess {
                entrypoint: config.entrypoint.clone(),
                command: config.cmd.clone(),
                environment: config.env.clone(),
                user: config.user.clone(),
                working_directory: config.working_dir.clone(),
                stop_signal: config.stop_signal.clone(),
            },
        })
    }

    /// All of them, as callers see them.
    pub(super) fn list(&self, users: &Users) -> Vec<v1::Image> {
        let one = |image: &images::Image| v1::Image {
            name: image.name.clone(),
            digest: image.digest.clone(),
            from: From::Recipe.word().into(),
            bytes: image.bytes(),
            created_ns: crate::time::parse(image.created.as_deref()),
            layers: image.layers.len() as u32,
            used_by: users.of(&image.name, &digests(image)),
            ..v1::Image::default()
        };
        self.images.iter().map(one).collect()
    }
}
