//! The headers of a PE program for 64-bit machines, as they lie in the file.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// First bytes of the MS-DOS header.
pub const DOS_MAGIC: &[u8] = b"MZ";

/// Where the MS-DOS header says where the PE header is.
pub const DOS_PE_OFFSET: usize = 0x3c;

/// First bytes of the PE header.
pub const PE_MAGIC: [u8; 4] = *b"PE\0\0";

/// `magic` of the optional header for 64-bit machines.
pub const PE32_PLUS: u16 = 0x20b;

/// Data directories that the format defines.
pub const DIRECTORIES: u32 = 16;

/// Number of the data directory that says where the certificate table is: by file offset, unlike all others.
pub const DIRECTORY_SECURITY: usize = 4;

/// Sections that a program has at most. The format allows 65,535, loaders take 96.
pub const MAX_SECTIONS: u16 = 96;

/// `characteristics` of a section.
pub const CONTAINS_CODE: u32 = 0x20;
pub const CONTAINS_INITIALIZED_DATA: u32 = 0x40;
pub const MEMORY_READ: u32 = 0x4000_0000;

/// `dll_characteristics`: the program runs where data is not executable.
pub const NX_COMPAT: u16 = 0x100;

/// The PE header, signature included.
#[derive(Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawFile {
    pub magic: [u8; 4],
    pub machine: U16,
    pub sections: U16,
    pub time_date_stamp: U32,
    pub symbols_offset: U32,
    pub symbols: U32,
    pub optional_size: U16,
    pub characteristics: U16,
}

/// The optional header up to the data directories.
#[derive(Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawOptional {
    pub magic: U16,
    pub linker_version: [u8; 2],
    pub size_of_code: U32,
    pub size_of_initialized_data: U32,
    pub size_of_uninitialized_data: U32,
    pub entry_point: U32,
    pub base_of_code: U32,
    pub image_base: U64,
    pub section_alignment: U32,
    pub file_alignment: U32,
    pub versions: [U16; 6],
    pub win32_version: U32,
    pub size_of_image: U32,
    pub size_of_headers: U32,
    pub checksum: U32,
    pub subsystem: U16,
    pub dll_characteristics: U16,
    pub stack_and_heap: [U64; 4],
    pub loader_flags: U32,
    pub directories: U32,
}

/// A data directory.
#[derive(Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawDirectory {
    pub address: U32,
    pub size: U32,
}

/// An entry of the section table.
#[derive(Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawSection {
    pub name: [u8; 8],
    pub virtual_size: U32,
    pub virtual_address: U32,
    pub raw_size: U32,
    pub raw_offset: U32,
    /// Relocations and line numbers, which programs don't have.
    pub unused: [u8; 12],
    pub characteristics: U32,
}
