//! QEMU's image format, version 3, as a sparse form of a disk: clusters of zeros take no room.
//!
//! Specification: `docs/interop/qcow2.rst` of the QEMU source. No backing file, no compression, no snapshots.
//!
//! ```text
//! header | refcount table | refcount blocks | L1 table | L2 tables | data clusters
//! ```
//!
//! Every part is whole clusters of 64 KiB. An entry of the L1 table names an L2 table, whose entries name the
//! data clusters of 512 MiB of the disk. Metadata comes first, so that an image is written in one pass.

mod format;
mod writer;

pub use format::CLUSTER;
pub use writer::{Qcow2, SizeError};
