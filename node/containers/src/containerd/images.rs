//! Names of images, and the manifests that they stand for.

use std::collections::BTreeMap;

use tonic::transport::Channel;

use super::{Containerd, Descriptor, if_there, refused, request};
use crate::Error;
use crate::api::containerd::services::images::v1::images_client::ImagesClient;
use crate::api::containerd::services::images::v1::{
    CreateImageRequest, DeleteImageRequest, Image, ListImagesRequest, UpdateImageRequest,
};
use crate::api::containerd::types;

/// An image of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// Its name.
    pub name: String,
    /// Its manifest.
    pub manifest: Descriptor,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

impl From<&Descriptor> for types::Descriptor {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            media_type: descriptor.media_type.clone(),
            digest: descriptor.digest.clone(),
            size: descriptor.size as i64,
            annotations: std::collections::HashMap::new(),
        }
    }
}

fn read(image: Image) -> Option<StoredImage> {
    let target = image.target?;
    let manifest = Descriptor {
        media_type: target.media_type,
        digest: target.digest,
        size: u64::try_from(target.size).ok()?,
    };
    Some(StoredImage { name: image.name, manifest, labels: image.labels.into_iter().collect() })
}

impl Containerd {
    fn images_client(&self) -> ImagesClient<Channel> {
        ImagesClient::new(self.channel.clone())
    }

    /// All names.
    pub async fn images(&self) -> Result<Vec<StoredImage>, Error> {
        let list = ListImagesRequest { filters: Vec::new() };
        let answer = self.images_client().list(request(list)).await.map_err(refused("list images"))?;
        Ok(answer.into_inner().images.into_iter().filter_map(read).collect())
    }

    /// Gives a manifest a name; one that the name had before loses it.
    pub async fn name_image(&self, image: &StoredImage) -> Result<(), Error> {
        let message = Image {
            name: image.name.clone(),
            labels: image.labels.clone().into_iter().collect(),
            target: Some((&image.manifest).into()),
            ..Image::default()
        };
        let update = UpdateImageRequest { image: Some(message.clone()), ..UpdateImageRequest::default() };
        let answer = self.images_client().update(request(update)).await.map_err(refused("name an image"));
        if if_there(answer)?.is_some() {
            return Ok(());
        }
        let create = CreateImageRequest { image: Some(message), ..CreateImageRequest::default() };
        self.images_client().create(request(create)).await.map_err(refused("name an image"))?;
        Ok(())
    }

    /// Takes a name away. What nothing refers to any more is gone when this returns.
    pub async fn remove_image(&self, name: &str) -> Result<(), Error> {
        let delete =
            DeleteImageRequest { name: name.to_owned(), sync: true, ..DeleteImageRequest::default() };
        let answer = self.images_client().delete(request(delete)).await.map_err(refused("remove an image"));
        if_there(answer).map(drop)
    }
}
