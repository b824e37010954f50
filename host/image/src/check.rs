//! Checking a plan against the packages and its container images without building anything.

use corten_recipe::{ContainerPlan, Plan};
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
