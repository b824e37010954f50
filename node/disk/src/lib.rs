//! The disk of a node: finding it and the slot to boot.
//!
//! What is decided stands apart from what is read: [`slot`] is pure; [`device`] and [`search`] look at the kernel's
//! list of disks and at the disks themselves; [`loader`] asks the firmware where the loader started from.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

pub mod device;
pub mod loader;
pub mod search;
pub mod slot;

pub use device::{Disk, DiskError, disks};
pub use search::{Found, Search, Slot, look};
