//! From a plan and unpacked packages to the files that the image takes from them.

mod closure;
mod contents;
mod licence;
mod pick;
mod scripts;
mod selection;
mod userland;

pub use closure::Packages;
pub use contents::Contents;
pub use scripts::{Unaccounted, unaccounted};
pub use selection::{KernelFiles, Selection, multiarch, requests, select};
pub use userland::{Selected, Taken, take, userland_requests};
