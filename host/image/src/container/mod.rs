//! Packing a container image from packages: the same selection and the same tree as for the root of an operating
//! system, without kernel, services and programs of Corten, as one layer.

mod layer;
mod pack;
mod tree;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use corten_recipe::{ContainerPlan, KeyPath};

use crate::error::Error;
use crate::select::{Contents, Packages, Taken, multiarch, take};

pub use pack::{Packed, pack};

/// Selects files. Packages are unpacked as they turn out to be needed.
pub fn select(plan: &ContainerPlan, packages: &dyn Packages) -> Result<Taken, Error> {
    let architecture = plan.archive.architecture.as_str();
    let names = multiarch(architecture).ok_or_else(|| Error::Recipe {
        what: format!("corten packs no images for {architecture:?}"),
        key: KeyPath::of(&["archive", "architecture"]),
        help: Some("expected amd64 or arm64".into()),
    })?;
    let wanted: Vec<String> = plan.packages.keys().map(ToString::to_string).collect();
    let loaded: BTreeMap<String, Arc<Contents>> =
        wanted.iter().cloned().zip(packages.load(&wanted)?).collect();
    take(plan.userland(), &loaded, packages, names.multiarch)
}
