//! Header and entry as they lie on disk, and their checksums.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// First bytes of a header.
pub const SIGNATURE: [u8; 8] = *b"EFI PART";

/// Revision 1.0, the only one there is.
pub const REVISION: u32 = 0x0001_0000;

/// Bytes of a header that we write and that every header has at least.
pub const HEADER: usize = 92;

/// Bytes of an entry that we write and that every entry has at least.
pub const ENTRY: usize = 128;

/// Entries of an array that we write: what the specification asks to reserve room for, and what all tools expect.
pub const ENTRIES: u32 = 128;

/// UTF-16 units of a label.
pub const LABEL: usize = 36;

/// Sector of the header.
pub const HEADER_LBA: u64 = 1;

/// Sector of the entry array right behind the header.
pub const ENTRIES_LBA: u64 = 2;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawHeader {
    pub signature: [u8; 8],
    pub revision: U32,
    pub size: U32,
    /// CRC-32 of the header, computed with this field zero.
    pub crc: U32,
    pub reserved: U32,
    pub my_lba: U64,
    pub alternate_lba: U64,
    pub first_usable: U64,
    pub last_usable: U64,
    pub disk_guid: [u8; 16],
    pub entries_lba: U64,
    pub entries: U32,
    pub entry_size: U32,
    /// CRC-32 of the whole entry array, unused entries included.
    pub entries_crc: U32,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawEntry {
    pub kind: [u8; 16],
    pub guid: [u8; 16],
    pub first: U64,
    pub last: U64,
    pub attributes: U64,
    pub label: [U16; LABEL],
}

/// CRC-32 of a header with its checksum taken as zero.
pub fn header_crc(header: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..16]);
    hasher.update(&[0; 4]);
    hasher.update(&header[20..]);
    hasher.finalize()
}
