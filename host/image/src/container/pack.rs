//! From a plan to an archive with an OCI layout.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use corten_formats::tree::{Kind, Tree};
use corten_oci::manifest::{Execution, History, ImageConfig, Platform};
use corten_oci::write::{ArchiveWriter, Layer, Sink as _, WriteError, assemble};
use corten_recipe::ContainerPlan;
use serde::Serialize;

use super::layer::layer;
use super::{select, tree};
use crate::error::Error;
use crate::event::{Event, Listener, Phase, timed};
use crate::locked::LockedPackages;
use crate::output::write_atomically;
use crate::select::unaccounted;

/// The label that a recipe's description becomes.
const DESCRIPTION: &str = "org.opencontainers.image.description";

/// An image that was packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packed {
    /// Its name, with the tag.
    pub name: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Bytes of its layer, compressed.
    pub layer: u64,
    /// Bytes of its files.
    pub content: u64,
    /// Number of its files.
    pub files: usize,
    /// Packages that files were taken from.
    pub packages: usize,
}

/// Packs an image into an archive at a path. The same plan and lock give the same bytes.
pub fn pack(
    plan: &ContainerPlan,
    packages: &LockedPackages<'_>,
    output: &Path,
    listener: Listener<'_>,
) -> Result<Packed, Error> {
    let taken = timed(Phase::Packages, listener, || select(plan, packages))?;
    for name in &taken.used {
        if let Some(contents) = packages.unpacked(name)
            && let Some(open) = unaccounted(&contents, &plan.scripts)
        {
            listener(Event::Unaccounted(open.package));
        }
    }
    let epoch = packages.epoch();
    let tree = timed(Phase::Tree, listener, || tree::tree(plan, &taken, epoch))?;
    timed(Phase::Output, listener, || {
        let fail = |why: WriteError| Error::part("container image")(why.into());
        let (layer, blob) = layer(&tree).map_err(fail)?;
        let image = assemble(config(plan, epoch), std::slice::from_ref(&layer));
        let name = plan.name.to_string();
        write_atomically(output, |file| {
            let written = || -> Result<BufWriter<&mut std::fs::File>, WriteError> {
                let mut archive = ArchiveWriter::new(BufWriter::new(file))?;
                archive.blob(&layer.descriptor, &mut blob.as_slice())?;
                image.write(&mut archive)?;
                archive.image(Some(&name), &image.descriptor)?;
                archive.finish()
            };
            written().map_err(std::io::Error::other)?.flush()
        })?;
        Ok(packed(name, image.descriptor.digest.to_string(), &layer, &tree, taken.used.len()))
    })
}

fn packed(name: String, digest: String, layer: &Layer, tree: &Tree, packages: usize) -> Packed {
    let sizes: Vec<u64> = tree
        .nodes()
        .filter_map(|(_, node)| match &node.kind {
            Kind::File(content) => Some(content.len() as u64),
            _ => None,
        })
        .collect();
    let (content, files) = (sizes.iter().sum(), sizes.len());
    Packed { name, digest, layer: layer.descriptor.size, content, files, packages }
}

/// The configuration; its layers are named by whoever assembles the image.
pub(super) fn config(plan: &ContainerPlan, epoch: u64) -> ImageConfig {
    let container = &plan.container;
    let texts = |texts: &[corten_recipe::types::Text]| texts.iter().map(ToString::to_string).collect();
    let mut labels: std::collections::BTreeMap<String, String> =
        container.labels.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    if !plan.description.as_str().is_empty() {
        labels.entry(DESCRIPTION.to_owned()).or_insert_with(|| plan.description.to_string());
    }
    let created = crate::name::rfc3339(epoch);
    let mut config = ImageConfig::new(Platform {
        architecture: plan.archive.architecture.to_string(),
        ..Platform::linux_amd64()
    });
    config.created = Some(created.clone());
    config.history = vec![History {
        created: Some(created),
        created_by: Some("corten oci pack".into()),
        ..History::default()
    }];
    config.config = Execution {
        user: match container.user {
            (0, 0) => String::new(),
            (uid, gid) => format!("{uid}:{gid}"),
        },
        exposed_ports: container.exposed_ports.iter().map(ToString::to_string).collect(),
        env: container.environment.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        entrypoint: texts(&container.entrypoint),
        cmd: texts(&container.command),
        working_dir: container.working_directory.clone(),
        labels,
        stop_signal: container.stop_signal.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..Execution::default()
    };
    config
}
