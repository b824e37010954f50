//! Which version of the OS starts next, and how that is changed without a moment in which none would.
//!
//! ```text
//! version ─> name ─> loader (what systemd-boot does) ─> change (commit, roll back, activate)
//!                                                          └─> esp (does it on a FAT volume)
//! ```
//!
//! The loader is the only one that decides what boots, by the names of the boot images on the EFI system partition
//! alone. [`loader`] is a model of it, and a [`change`] is worked out against that model before anything is renamed.
//! [`start`] is the other half: the count by which a node finds out that a committed version has become unhealthy.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

pub mod change;
pub mod esp;
pub mod loader;
mod name;
mod order;
pub mod start;
mod version;

pub use name::{BootName, Digits, DigitsError, NameError, Tries};
pub use order::compare_versions;
pub use version::{Version, VersionError};
