//! Partition types and attributes of the Discoverable Partitions Specification that an image uses.

use super::guid::Guid;

/// EFI system partition.
pub const ESP: Guid = Guid::new(0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b);

/// Root file system for x86-64.
pub const ROOT_X86_64: Guid = Guid::new(0x4f68bce3_e8cd_4db1_96e7_fbcaf984b709);

/// dm-verity hash tree of a root file system for x86-64.
pub const ROOT_X86_64_VERITY: Guid = Guid::new(0x2c7357ed_ebd2_46d9_aec1_23d437ec2bf5);

/// Root file system for 64-bit ARM.
pub const ROOT_ARM64: Guid = Guid::new(0xb921b045_1df0_41c3_af44_4c6f280d3fae);

/// dm-verity hash tree of a root file system for 64-bit ARM.
pub const ROOT_ARM64_VERITY: Guid = Guid::new(0xdf3300ce_d69f_4c92_978c_9bfb0f38d820);

/// Variable data: the state partition.
pub const VAR: Guid = Guid::new(0x4d21b016_b534_45c2_a9fb_5c16e091fd2d);

/// Attribute: the partition is to be mounted read-only.
pub const ATTRIBUTE_READ_ONLY: u64 = 1 << 60;

/// Attribute of a state partition, one of the bits that a type may use as it likes: its file system is being made,
/// and nothing in the partition is worth keeping. No partition without it is ever formatted.
pub const ATTRIBUTE_BEING_MADE: u64 = 1 << 48;

/// Attribute: the partition is not to be found by its type alone.
pub const ATTRIBUTE_NO_AUTO: u64 = 1 << 63;

/// Short name of a type in dumps; `None` for a type that an image does not use.
pub fn name(kind: Guid) -> Option<&'static str> {
    match kind {
        ESP => Some("esp"),
        ROOT_X86_64 => Some("root-x86-64"),
        ROOT_X86_64_VERITY => Some("root-x86-64-verity"),
        ROOT_ARM64 => Some("root-arm64"),
        ROOT_ARM64_VERITY => Some("root-arm64-verity"),
        VAR => Some("var"),
        _ => None,
    }
}
