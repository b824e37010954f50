//! The superblock as it lies on disk, and its checksum.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// Where the superblock lies, in bytes.
pub const OFFSET: u64 = 1024;

/// Bytes of a superblock.
pub const SIZE: usize = 1024;

/// Block with the first backup of the superblock, where blocks have 4096 bytes: the first of the second group.
pub const BACKUP_BLOCK: u64 = 32_768;

/// Where the first backup lies, in bytes.
pub const BACKUP_OFFSET: u64 = BACKUP_BLOCK * 4096;

/// Bytes of a label.
pub const LABEL: usize = 16;

/// s_magic.
pub const MAGIC: u16 = 0xef53;

/// s_state: unmounted in order, or has a journal.
pub const STATE_VALID: u16 = 1;
/// s_state: the kernel found an error.
pub const STATE_ERRORS: u16 = 2;

/// s_feature_compat: there is a journal.
pub const COMPAT_JOURNAL: u32 = 0x4;
/// s_feature_incompat: the journal has to be replayed.
pub const INCOMPAT_RECOVER: u32 = 0x4;
/// s_feature_incompat: this is the journal of another file system.
pub const INCOMPAT_JOURNAL_DEVICE: u32 = 0x8;
/// s_feature_incompat: numbers of blocks have 64 bits.
pub const INCOMPAT_64BIT: u32 = 0x80;
/// s_feature_ro_compat: metadata carry checksums.
pub const RO_COMPAT_METADATA_CSUM: u32 = 0x400;

/// The only s_checksum_type: CRC-32C.
pub const CHECKSUM_CRC32C: u8 = 1;

/// Largest s_log_block_size that Linux takes: blocks of 64 KiB.
pub const MAX_LOG_BLOCK_SIZE: u32 = 6;

#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawSuperblock {
    pub inodes_count: U32,
    pub blocks_count_lo: U32,
    pub r_blocks_count_lo: U32,
    pub free_blocks_count_lo: U32,
    pub free_inodes_count: U32,
    pub first_data_block: U32,
    pub log_block_size: U32,
    pub unused_1: [u8; 28],
    /// Byte 0x38.
    pub magic: U16,
    pub state: U16,
    pub unused_2: [u8; 0x20],
    /// Byte 0x5c.
    pub feature_compat: U32,
    pub feature_incompat: U32,
    pub feature_ro_compat: U32,
    pub uuid: [u8; 16],
    pub volume_name: [u8; LABEL],
    pub unused_3: [u8; 0x150 - 0x88],
    /// Byte 0x150.
    pub blocks_count_hi: U32,
    pub unused_4: [u8; 0x175 - 0x154],
    /// Byte 0x175.
    pub checksum_type: u8,
    pub unused_5: [u8; 0x194 - 0x176],
    /// Byte 0x194.
    pub error_count: U32,
    pub unused_6: [u8; 0x3fc - 0x198],
    /// Byte 0x3fc.
    pub checksum: U32,
}

/// CRC-32C of a superblock, its last field left out.
pub fn checksum(bytes: &[u8; SIZE]) -> u32 {
    // CRC-32/ISCSI inverts at the end, the kernel's crc32c() does not.
    const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);
    let (summed, _) = bytes.split_at(SIZE - 4);
    !CRC.checksum(summed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn fields_lie_where_the_kernel_has_them() {
        assert_eq!(size_of::<RawSuperblock>(), SIZE);
        let places = [
            offset_of!(RawSuperblock, log_block_size),
            offset_of!(RawSuperblock, magic),
            offset_of!(RawSuperblock, feature_compat),
            offset_of!(RawSuperblock, uuid),
            offset_of!(RawSuperblock, volume_name),
            offset_of!(RawSuperblock, blocks_count_hi),
            offset_of!(RawSuperblock, checksum_type),
            offset_of!(RawSuperblock, error_count),
            offset_of!(RawSuperblock, checksum),
        ];
        assert_eq!(places, [0x18, 0x38, 0x5c, 0x68, 0x78, 0x150, 0x175, 0x194, 0x3fc]);
    }
}
