//! The records of the index as they lie in the file.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    little_endian::{U16, U32},
};

pub(super) const MAGIC: [u8; 8] = *b"corten-m";
/// Raised whenever init of another version would read the file wrongly. Init and index come from one build, so
/// there is no need to read older ones.
pub(super) const VERSION: u32 = 1;

/// Module number of an alias that is served by the kernel itself.
pub(super) const BUILT_IN: u32 = u32::MAX;
/// Bit of a load that is only tried.
pub(super) const SOFT: u32 = 1 << 31;

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Header {
    pub magic: [u8; 8],
    pub version: U32,
    pub modules: U32,
    pub aliases: U32,
    pub built_in: U32,
    pub loads: U32,
    pub text: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ModuleRecord {
    pub name: U32,
    pub path: U32,
    pub name_len: U16,
    pub path_len: U16,
    pub first_load: U32,
    pub loads: U32,
    /// Position among modules that serve one alias.
    pub rank: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct AliasRecord {
    pub pattern: U32,
    pub len: U16,
    pub prefix: U16,
    pub module: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct NameRecord {
    pub name: U32,
    pub len: U32,
}
