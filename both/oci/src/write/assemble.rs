//! From layers and a configuration to an image.

use super::{Layer, Sink, WriteError};
use crate::json;
use crate::manifest::{Descriptor, ImageConfig, Manifest};
use crate::media;

/// The documents of an image, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Of the manifest: the image is known by its digest.
    pub descriptor: Descriptor,
    /// Bytes of the manifest.
    pub manifest: Vec<u8>,
    /// Bytes of the configuration.
    pub config: Vec<u8>,
}

/// An image of these layers, the lowest first. The configuration names them, whatever it named before.
pub fn assemble(mut config: ImageConfig, layers: &[Layer]) -> Assembled {
    config.rootfs.diff_ids = layers.iter().map(|layer| layer.diff_id).collect();
    let platform = config.platform();
    let config = json::write(&config);
    let layers = layers.iter().map(|layer| layer.descriptor.clone()).collect();
    let manifest = json::write(&Manifest::new(Descriptor::of(media::CONFIG, &config), layers));
    let mut descriptor = Descriptor::of(media::MANIFEST, &manifest);
    descriptor.platform = Some(platform);
    Assembled { descriptor, manifest, config }
}

impl Assembled {
    /// Writes both documents. The layers are written before or after.
    pub fn write(&self, sink: &mut dyn Sink) -> Result<(), WriteError> {
        sink.blob(&Descriptor::of(media::CONFIG, &self.config), &mut &self.config[..])?;
        sink.blob(&self.descriptor, &mut &self.manifest[..])
    }
}
