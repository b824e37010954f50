//! Reading the layers of images, each once, and settling them on one another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use corten_formats::tree::{Kind, Tree};
use corten_oci::digest::Digest;
use corten_oci::layer::{LayerReader, Limits};
use corten_oci::source;
use corten_services::images::{Image, ImageConfig, ImageLayer, Images};
use rayon::prelude::*;

use super::layer::{LayerFault, RawLayer, hides_everything};
use super::open::OpenImage;
use crate::error::Error;

/// A layer that is ready for the root.
#[derive(Debug)]
pub struct ReadyLayer {
    /// Its files.
    pub tree: Tree,
    /// Name of the first image that has it.
    pub image: String,
}

/// All images of a plan.
#[derive(Debug, Default)]
pub struct ReadImages {
    /// What the node is told.
    pub index: Images,
    /// Layers by their diff ids, hex.
    pub layers: BTreeMap<String, ReadyLayer>,
}

/// Reads and verifies every layer. Neither one of them nor the files of all may have more bytes than `limit`.
pub fn read(images: &[OpenImage<'_>], limit: u64) -> Result<ReadImages, Error> {
    let mut places: BTreeMap<Digest, (&OpenImage<'_>, usize)> = BTreeMap::new();
    for image in images {
        for (n, diff_id) in image.image.config.rootfs.diff_ids.iter().enumerate() {
            places.entry(*diff_id).or_insert((image, n));
        }
    }
    let all = AtomicU64::new(0);
    let one = |(diff_id, (image, n)): (Digest, (&OpenImage<'_>, usize))| {
        let layer = read_layer(image, n, diff_id, limit)?;
        let own = bytes(layer.tree());
        if all.fetch_add(own, Ordering::Relaxed).saturating_add(own) > limit {
            return Err(image.fault(format!("the layers of all images have more than {limit} bytes")));
        }
        Ok((diff_id, layer))
    };
    let raw: BTreeMap<Digest, RawLayer> = places.into_par_iter().map(one).collect::<Result<_, Error>>()?;
    let mut ready = ReadImages::default();
    for image in images {
        let layers = settle(image, &raw, &mut ready.layers)?;
        ready.index.images.push(described(image, layers));
    }
    ready.index.images.sort_by(|a, b| a.name.cmp(&b.name));
    let used = |id: &str| {
        let layers = ready.index.images.iter().flat_map(|image| &image.layers);
        layers.into_iter().any(|layer| layer.diff_id == id)
    };
    ready.layers.retain(|id, _| used(id));
    Ok(ready)
}

fn read_layer(image: &OpenImage<'_>, n: usize, diff_id: Digest, limit: u64) -> Result<RawLayer, Error> {
    let fault = |why: &dyn std::fmt::Display| image.fault(format!("layer {diff_id}: {why}"));
    let blob = source::blob(&image.source, &image.image.manifest.layers[n]).map_err(|why| fault(&why))?;
    let limits = Limits { bytes: limit, ..Limits::default() };
    let read = |blob| -> Result<(RawLayer, Digest), LayerFault> {
        let mut reader = LayerReader::new(blob, diff_id.algorithm(), limits)?;
        Ok((RawLayer::read(&mut reader)?, reader.finish()?))
    };
    let (layer, found) = read(blob).map_err(|why| fault(&why))?;
    if found != diff_id {
        return Err(fault(&format!("it unpacks to {found}")));
    }
    Ok(layer)
}

/// Settles the layers of an image and says what they are, bottom first.
fn settle(
    image: &OpenImage<'_>,
    raw: &BTreeMap<Digest, RawLayer>,
    ready: &mut BTreeMap<String, ReadyLayer>,
) -> Result<Vec<ImageLayer>, Error> {
    let mut stack: Vec<String> = Vec::new();
    for diff_id in topmost(&image.image.config.rootfs.diff_ids) {
        let below: Vec<&Tree> = stack.iter().map(|id| &ready[id].tree).collect();
        let settled = raw[diff_id].settle(&below);
        let tree = settled.map_err(|why| image.fault(format!("layer {diff_id}: {why}")))?;
        let name = image.planned.name.to_string();
        let id = diff_id.hex();
        match ready.get(&id) {
            Some(there) if there.tree != tree => {
                let other = &there.image;
                return Err(image.fault(format!(
                    "layer {diff_id} stands on other layers than in image {other}, and would not be the same there"
                )));
            }
            Some(_) => {}
            None => drop(ready.insert(id.clone(), ReadyLayer { tree, image: name })),
        }
        // Overlayfs asks no layer's root whether it hides what is below: such layers are left out.
        if hides_everything(&ready[&id].tree) {
            stack.clear();
        }
        stack.push(id);
    }
    let described = |diff_id: String| {
        let tree = &ready[&diff_id].tree;
        ImageLayer { bytes: bytes(tree), entries: tree.len() as u64 - 1, diff_id }
    };
    Ok(stack.into_iter().map(described).collect())
}

/// Each layer once, where it lies topmost: overlayfs refuses a folder that it is given twice, and nothing of one is seen
/// that lies below itself again. Builders repeat empty layers.
fn topmost(diff_ids: &[Digest]) -> impl Iterator<Item = &Digest> {
    diff_ids.iter().enumerate().filter(|(n, id)| !diff_ids[n + 1..].contains(id)).map(|(_, id)| id)
}

/// What the node is told of an image.
fn described(open: &OpenImage<'_>, layers: Vec<ImageLayer>) -> Image {
    let image = &open.image;
    let run = image.config.config.clone();
    Image {
        name: open.planned.name.to_string(),
        digest: image.descriptor.digest.to_string(),
        index_digest: (open.listed != image.descriptor.digest).then(|| open.listed.to_string()),
        config_digest: image.manifest.config.digest.to_string(),
        created: image.config.created.clone(),
        config: ImageConfig {
            user: run.user,
            exposed_ports: run.exposed_ports,
            env: run.env,
            entrypoint: run.entrypoint,
            cmd: run.cmd,
            volumes: run.volumes,
            working_dir: run.working_dir,
            labels: run.labels,
            stop_signal: run.stop_signal,
        },
        layers,
    }
}

/// Bytes of all files of a tree; one with several names counts once.
fn bytes(tree: &Tree) -> u64 {
    let sizes = tree.nodes().map(|(_, node)| match &node.kind {
        Kind::File(content) => content.len() as u64,
        _ => 0,
    });
    sizes.sum()
}
