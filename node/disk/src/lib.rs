//! The disk of a node: finding it and the slot to boot.
//!
//! What is decided stands apart from what is read: [`slot`] is pure; [`device`] and [`search`] look at the kernel's
//! list of disks and at the disks themselves; [`loader`] asks the firmware where the loader started from. [`table`]
//! and [`state`] bring the disk of a running node to what it must be.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

pub mod data;
pub mod device;
mod error;
pub mod loader;
pub mod reset;
pub mod search;
pub mod slot;
pub mod state;
pub mod table;

pub use device::{Disk, DiskError, disks};
pub use error::NoState;
pub use search::{Ambiguous, Found, Holds, Search, Slot, choose, look};
