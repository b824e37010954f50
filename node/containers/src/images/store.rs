//! Images of containerd's store.

use corten_api::v1;
use corten_oci::digest::Digest;
use corten_oci::manifest::{ImageConfig, Manifest};

use super::accepted::is_accepted;
use super::meant::means;
use super::{From, Image, ImageError, Images, Users};
use crate::containerd::StoredImage;
use crate::spec::ImageProcess;

/// Bytes of a manifest or a configuration: the limit of those who read them.
pub(super) const MAX_DOCUMENT: usize = corten_oci::limits::DOCUMENT as usize;

/// An image with its documents.
pub(super) struct Known {
    pub(super) stored: StoredImage,
    pub(super) manifest: Manifest,
    pub(super) config: ImageConfig,
}

/// What a stack of layers is called: the digest of the name of those below and of the topmost one
/// (image specification, config.md, "Layer ChainID").
pub(super) fn chain(diff_ids: &[Digest]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for diff_id in diff_ids {
        let name = match names.last() {
            Some(below) => Digest::of(format!("{below} {diff_id}").as_bytes()).to_string(),
            None => diff_id.to_string(),
        };
        names.push(name);
    }
    names
}

pub(super) fn process(config: &ImageConfig) -> ImageProcess {
    let config = &config.config;
    ImageProcess {
        entrypoint: config.entrypoint.clone(),
        command: config.cmd.clone(),
        environment: config.env.clone(),
        user: config.user.clone(),
        working_directory: config.working_dir.clone(),
        stop_signal: config.stop_signal.clone(),
    }
}

impl StoredImage {
    pub(super) fn is_meant_by(&self, name: &str) -> bool {
        means(name, &self.name, &[&self.manifest.digest])
    }
}

impl Images {
    /// An image of the store that may run. One whose documents or layers are gone is none: it has to be fetched again.
    pub(super) async fn stored(&self, name: &str) -> Result<Option<Image>, ImageError> {
        let all = self.containerd.images().await?;
        let meant: Vec<StoredImage> = all.into_iter().filter(|image| image.is_meant_by(name)).collect();
        if meant.is_empty() {
            return Ok(None);
        }
        let stored = {
            let registries = self.registries();
            meant.into_iter().find(|image| is_accepted(name, &image.labels, &registries))
        };
        let stored = stored.ok_or_else(|| ImageError::Unverified(name.to_owned()))?;
        let Some(known) = self.documents(stored).await? else { return Ok(None) };
        let names = chain(&known.config.rootfs.diff_ids);
        let Some(top) = names.last() else {
            // Fetched again it would have none either.
            let message = "it has no layers, so there is nothing in it to run".to_owned();
            return Err(ImageError::Document { name: known.stored.name, message });
        };
        let Some(layers) = self.containerd.layers(top).await? else { return Ok(None) };
        Ok(Some(Image {
            name: known.stored.name,
            digest: known.stored.manifest.digest,
            from: From::Store,
            layers,
            process: process(&known.config),
        }))
    }

    pub(super) async fn documents(&self, stored: StoredImage) -> Result<Option<Known>, ImageError> {
        let wrong = |message: String| ImageError::Document { name: stored.name.clone(), message };
        let read = |digest: String| async move { self.containerd.read_blob(&digest, MAX_DOCUMENT).await };
        let Some(manifest) = read(stored.manifest.digest.clone()).await? else { return Ok(None) };
        let manifest = Manifest::parse(&manifest).map_err(|error| wrong(error.to_string()))?;
        let Some(config) = read(manifest.config.digest.to_string()).await? else { return Ok(None) };
        let config = ImageConfig::parse(&config).map_err(|error| wrong(error.to_string()))?;
        Ok(Some(Known { stored, manifest, config }))
    }

    pub(super) async fn list_stored(&self, users: &Users) -> Result<Vec<v1::Image>, ImageError> {
        let mut all = Vec::new();
        for stored in self.containerd.images().await? {
            let (name, digest) = (stored.name.clone(), stored.manifest.digest.clone());
            // One whose documents can't be read is listed, so that it can be removed.
            let known = self.documents(stored).await.ok().flatten();
            let (manifest, config) = (known.as_ref().map(|k| &k.manifest), known.as_ref().map(|k| &k.config));
            all.push(v1::Image {
                used_by: users.of(&name, &[&digest]),
                name,
                digest,
                from: From::Store.word().into(),
                bytes: manifest.map_or(0, |manifest| manifest.layers.iter().map(|layer| layer.size).sum()),
                created_ns: crate::time::parse(config.and_then(|config| config.created.as_deref())),
                layers: manifest.map_or(0, |manifest| manifest.layers.len() as u32),
                ..v1::Image::default()
            });
        }
        Ok(all)
    }

    /// Removes an image of the store; what no other image and no container needs goes with it. Whoever calls has seen that
    /// nobody uses it.
    pub async fn remove(&self, name: &str) -> Result<(), ImageError> {
        let _turn = self.turn.lock().await;
        self.remove_in_turn(name).await
    }

    /// The same for a caller whose turn it is.
    pub(super) async fn remove_in_turn(&self, name: &str) -> Result<(), ImageError> {
        let all = self.containerd.images().await?;
        let Some(stored) = all.iter().find(|image| image.name == name).cloned() else {
            return Err(ImageError::Unknown(name.to_owned()));
        };
        let shares =
            |other: &&StoredImage| other.name != name && other.manifest.digest == stored.manifest.digest;
        if all.iter().find(shares).is_none() {
            let top = self.documents(stored).await.ok().flatten();
            let top = top.and_then(|known| chain(&known.config.rootfs.diff_ids).pop());
            // containerd would remove layers that are mounted, so those of a container that still runs stay for now.
            match top {
                Some(top) if !self.is_mounted(&top).await? => self.containerd.remove_view(&top).await?,
                _ => self.views_may_be_left(),
            }
        }
        self.containerd.remove_image(name).await?;
        self.used.forget(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_named_by_all_that_lies_below() {
        let digest = |text: &str| Digest::of(text.as_bytes());
        let (a, b) = (digest("a"), digest("b"));
        assert_eq!(chain(&[]), Vec::<String>::new());
        assert_eq!(chain(&[a]), [a.to_string()]);
        let both = Digest::of(format!("{a} {b}").as_bytes()).to_string();
        assert_eq!(chain(&[a, b]), [a.to_string(), both]);
        assert_ne!(chain(&[b, a]).last(), chain(&[a, b]).last());
    }
}
