//! Checking a plan against the packages without building anything.

use corten_recipe::Plan;

use crate::error::Error;
use crate::locked::LockedPackages;
use crate::select::{Unaccounted, select, unaccounted};

/// Selects everything that a build would, and returns the packages whose maintainer scripts nothing answers for.
pub fn check(plan: &Plan, packages: &LockedPackages<'_>) -> Result<Vec<Unaccounted>, Error> {
    let selection = select(plan, packages)?;
    let contents = selection.licences.keys().filter_map(|name| packages.unpacked(name));
    Ok(contents.filter_map(|contents| unaccounted(&contents, plan)).collect())
}
