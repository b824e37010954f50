//! Artifacts on the host's disk: whole or not there at all.
//!
//! Everything is written under a temporary name in the folder where it belongs, synced, and renamed.

mod artifact;
mod atomic;
mod raw;
mod tarball;

pub use artifact::{Artifact, sha256_of};
pub use atomic::{write_atomically, write_unsynced};
pub use raw::{write_compressed, write_raw};
pub use tarball::write_tar;
