//! The tree of a container image.

use corten_formats::tree::Tree;
use corten_recipe::ContainerPlan;

use crate::assembly::Assembly;
use crate::error::Error;
use crate::products::{accounts, certificates, container};
use crate::select::Taken;
use crate::tree::{own, packaged};

/// Puts the tree together. Every file has the time of the lock.
pub fn tree(plan: &ContainerPlan, taken: &Taken, epoch: u64) -> Result<Tree, Error> {
    let mut assembly = Assembly::new(epoch);
    packaged(&mut assembly, &taken.files)?;
    own(&mut assembly, plan.userland())?;
    certificates(&mut assembly, &taken.certificates)?;
    accounts(&mut assembly, plan.userland())?;
    container(&mut assembly)?;
    Ok(assembly.finish().0)
}
