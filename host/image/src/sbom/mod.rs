//! What is in the image, for those who have to answer for it: SPDX 2.3 and CycloneDX 1.6.
//!
//! Both are written from one [`Inventory`], hold only what the builder knows, and are the same bytes for the same
//! lock and the same `corten`.

mod cyclonedx;
mod inventory;
mod spdx;

pub use cyclonedx::cyclonedx;
pub use inventory::{Component, FileRecord, Inventory, NodeInventory, digests};
pub use spdx::spdx;
