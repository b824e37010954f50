//! The header, and how much the tables hold. All numbers are big-endian.

use zerocopy::big_endian::{U32, U64};
use zerocopy::{Immutable, IntoBytes, Unaligned};

/// Bytes of a cluster: what `qemu-img` makes by itself.
pub const CLUSTER: u64 = 1 << CLUSTER_BITS;

/// The same as a power of two, as the header has it.
pub const CLUSTER_BITS: u32 = 16;

/// Data clusters that an L2 table names, L2 tables that a cluster of the L1 table names, and refcount blocks
/// that a cluster of the refcount table names: entries have 8 bytes.
pub const POINTERS: u64 = CLUSTER / 8;

/// Clusters whose references a refcount block counts, with 16 bits each.
pub const REFCOUNTS: u64 = CLUSTER / 2;

/// Refcounts have 2^4 bits.
pub const REFCOUNT_ORDER: u32 = 4;

/// Flag of an L1 or L2 entry: what it names has no other reference and may be changed in place.
pub const COPIED: u64 = 1 << 63;

/// Sizes are multiples of this.
pub const SECTOR: u64 = 512;

/// Largest disk: QEMU reads an L1 table of 32 MiB at most.
pub const MAX_SIZE: u64 = (32 << 20) / 8 * POINTERS * CLUSTER;

/// The header of version 3, with the empty list of extensions behind it.
#[derive(IntoBytes, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    pub magic: [u8; 4],
    pub version: U32,
    pub backing_file: [u8; 12],
    pub cluster_bits: U32,
    pub size: U64,
    pub encryption: U32,
    pub l1_size: U32,
    pub l1_offset: U64,
    pub refcount_table_offset: U64,
    pub refcount_table_clusters: U32,
    pub snapshots: [u8; 12],
    pub features: [U64; 3],
    pub refcount_order: U32,
    pub header_length: U32,
    pub end_of_extensions: [u8; 8],
}

/// Bytes of the header, without the list of extensions.
pub const HEADER_LENGTH: u32 = 104;
