//! Takes an image into containerd's store, whoever brings it: layers first, then the documents, then the name. Until the
//! name is there nothing refers to what came, and what an interrupted intake left is removed with its lease.
//!
//! A layer is kept unpacked alone: its archive is of no use to a node once that is done, and would take half as much
//! again.

use std::collections::BTreeMap;
use std::time::Duration;

use corten_oci::manifest::{Descriptor as OciDescriptor, ImageConfig, Manifest};

use super::store::chain;
use super::{ImageError, Images, Progress};
use crate::containerd::{Containerd, Descriptor, Lease, Rests, StoredImage};

/// What the id of a lease of an intake begins with; the digest of its image and a number come after it.
const LEASES: &str = "corten-sha";
/// How long an intake may take before what it brought may be removed: a large image over a slow line.
const LONGEST: Duration = Duration::from_hours(24);
const CONFIG_LABEL: &str = "containerd.io/gc.ref.content.config";
const SNAPSHOT_LABEL: &str = "containerd.io/gc.ref.snapshot.overlayfs";

/// The documents of an image.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    pub(super) manifest_descriptor: OciDescriptor,
    pub(super) manifest_bytes: Vec<u8>,
    pub(super) manifest: Manifest,
    pub(super) config_bytes: Vec<u8>,
    pub(super) config: ImageConfig,
}

/// A layer that has to come.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// Its archive.
    pub(super) blob: Descriptor,
    /// What it unpacks to.
    diff_id: String,
    /// Name of the stack below it, empty for the lowest, and of the stack with it.
    below: String,
    name: String,
}

pub(super) struct Intake {
    containerd: Containerd,
    lease: Lease,
    documents: Documents,
}

pub(super) fn plain(descriptor: &OciDescriptor) -> Descriptor {
    Descriptor {
        media_type: descriptor.media_type.clone(),
        digest: descriptor.digest.to_string(),
        size: descriptor.size,
    }
}

impl Intake {
    pub(super) async fn begin(containerd: &Containerd, documents: Documents) -> Result<Self, ImageError> {
        // Each has its own: another one of the same image would take it away when it is done.
        let digest = documents.manifest_descriptor.digest;
        let lease_id = format!("corten-{digest}-{}", crate::time::now_ns());
        let lease = containerd.lease(&lease_id, &crate::time::in_future(LONGEST)).await?;
        Ok(Self { containerd: containerd.clone(), lease, documents })
    }

    /// The layers that are not there yet, the lowest first. Those that are there stay for as long as the intake does, if
    /// it is the caller's turn.
    pub(super) async fn missing(&self) -> Result<Vec<Layer>, ImageError> {
        let diff_ids = &self.documents.config.rootfs.diff_ids;
        let names = chain(diff_ids);
        let mut missing = Vec::new();
        let mut there = None;
        for (at, (blob, diff_id)) in self.documents.manifest.layers.iter().zip(diff_ids).enumerate() {
            let below = at.checked_sub(1).and_then(|at| names.get(at)).cloned().unwrap_or_default();
            let name = names.get(at).cloned().unwrap_or_default();
            if self.containerd.has_snapshot(&name).await? {
                there = Some(name);
            } else {
                missing.push(Layer { blob: plain(blob), diff_id: diff_id.to_string(), below, name });
            }
        }
        if let Some(topmost) = there {
            self.containerd.keep_snapshot(&topmost, &self.lease).await?;
        }
        Ok(missing)
    }

    /// The lease under which blobs are written.
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Unpacks a layer whose archive is there. Those below it have to be unpacked before.
    pub(super) async fn unpack(&self, layer: &Layer) -> Result<(), ImageError> {
        let what = (&layer.blob, layer.diff_id.as_str());
        let found = self.containerd.unpack(what, (&layer.below, &layer.name), &self.lease).await?;
        if found == layer.diff_id {
            return Ok(());
        }
        Err(ImageError::Lies { layer: layer.blob.digest.clone(), found, expected: layer.diff_id.clone() })
    }

    /// Gives the image its names, each with these labels.
    pub(super) async fn finish(
        self,
        names: &[String],
        labels: BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<(), ImageError> {
        let Documents { manifest_descriptor, manifest_bytes, manifest, config_bytes, config } =
            self.documents;
        let top = chain(&config.rootfs.diff_ids).pop();
        let of_config: BTreeMap<_, _> = top.into_iter().map(|top| (SNAPSHOT_LABEL.to_owned(), top)).collect();
        let of_manifest = BTreeMap::from([(CONFIG_LABEL.to_owned(), manifest.config.digest.to_string())]);
        let (config, manifest) = (plain(&manifest.config), plain(&manifest_descriptor));
        self.containerd.put_blob(&config, config_bytes, of_config, &self.lease).await?;
        self.containerd.put_blob(&manifest, manifest_bytes, of_manifest, &self.lease).await?;
        for name in names {
            let image =
                StoredImage { name: name.clone(), manifest: manifest.clone(), labels: labels.clone() };
            self.containerd.name_image(&image).await?;
            progress
                .tell_surely(corten_api::v1::ImageProgress {
                    step: "done".into(),
                    name: name.clone(),
                    digest: manifest.digest.clone(),
                    ..Default::default()
                })
                .await;
        }
        self.lease.end().await?;
        Ok(())
    }
}

impl Images {
    /// Removes what intakes left that were cut short with an earlier run of the program. Nothing may come in before this
    /// returns; what takes long goes on afterwards.
    pub async fn forget_intakes(&self) -> Result<(), ImageError> {
        let left = self.containerd.leases().await?.into_iter().filter(|id| id.starts_with(LEASES));
        let (left, containerd) = (left.collect::<Vec<String>>(), self.containerd.clone());
        tokio::spawn(async move {
            for id in left {
                if let Err(error) = containerd.end_lease(&id, Rests::AtOnce).await {
                    eprintln!("lease {id}: {error}");
                }
            }
        });
        Ok(())
    }
}
