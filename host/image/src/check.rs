//! Checking a plan against the packages and its container images without building anything.

use corten_recipe::plan::ContainerImage;
use corten_recipe::{ContainerPlan, KeyPath, Plan, Step};
use corten_services::images::Image;

use crate::container;
use crate::error::Error;
use crate::images;
use crate::locked::LockedPackages;
use crate::select::{Unaccounted, select, unaccounted};

/// What a check found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Packages whose maintainer scripts nothing answers for.
    pub unaccounted: Vec<Unaccounted>,
    /// The container images, every layer of them read.
    pub images: Vec<Image>,
}

/// Opens every container image of a plan, and returns what is wrong with each that can't be.
pub fn check_images(plan: &Plan) -> Vec<Error> {
    let one = |(n, image): (usize, &ContainerImage)| {
        // By itself it is the first one, whose key it is told by.
        let mut alone = plan.clone();
        alone.images = vec![image.clone()];
        match images::open(&alone).map(drop).err()? {
            Error::Recipe { what, key, help } => Some(Error::Recipe { what, key: key_of(n, &key), help }),
            other => Some(other),
        }
    };
    plan.images.iter().enumerate().filter_map(one).collect()
}

/// The same key of another image.
fn key_of(image: usize, key: &KeyPath) -> KeyPath {
    let item = KeyPath::of(&["images"]).item(image);
    key.steps().iter().skip(2).fold(item, |key, step| match step {
        Step::Key(name) => key.key(name),
        Step::Item(n) => key.item(*n),
    })
}

/// Selects and reads everything that a build would.
pub fn check(plan: &Plan, packages: &LockedPackages<'_>) -> Result<Checked, Error> {
    let images = images::read(&images::open(plan)?, images::limit(plan))?.index.images;
    let selection = select(plan, packages)?;
    let contents = selection.licences.keys().filter_map(|name| packages.unpacked(name));
    let unaccounted = contents.filter_map(|contents| unaccounted(&contents, &plan.scripts)).collect();
    Ok(Checked { unaccounted, images })
}

/// Selects everything that packing an image would, and returns the packages whose maintainer scripts nothing answers
/// for.
pub fn check_container(
    plan: &ContainerPlan,
    packages: &LockedPackages<'_>,
) -> Result<Vec<Unaccounted>, Error> {
    let taken = container::select(plan, packages)?;
    let contents = taken.used.iter().filter_map(|name| packages.unpacked(name));
    Ok(contents.filter_map(|contents| unaccounted(&contents, &plan.scripts)).collect())
}
