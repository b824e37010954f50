//! What maintainer scripts would have produced on a running system and an image needs.
//!
//! No maintainer script runs while an image is built. What they would have left behind is made here, each with a
//! name that the plan and the SBOM show.

mod accounts;
mod certificates;
mod container;
mod identity;
mod links;

pub use accounts::accounts;
pub use certificates::certificates;
pub use container::container;
pub use identity::{Identity, identity, name_service};
pub use links::{links, merged_usr};
