//! EROFS on disk: superblock, inodes, directory entries, attributes, and the index of compressed data.
//!
//! Names and numbers are those of `fs/erofs/erofs_fs.h` of Linux 6.12. All integers are little-endian. The
//! structures that are written or read as a whole are zerocopy types; single fields keep their kernel names in
//! the comments where ours differ.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a block that the writer uses: the page size of every machine that Corten runs on.
pub const BLOCK: usize = 4096;
/// Binary logarithm of [`BLOCK`].
pub const BLOCK_BITS: u8 = 12;
/// Where the superblock stands in the first block.
pub const SUPERBLOCK_OFFSET: usize = 1024;
/// Inodes stand at multiples of this; an inode's number (nid) counts these slots.
pub const SLOT: usize = 32;
/// `EROFS_SUPER_MAGIC_V1`.
pub const MAGIC: u32 = 0xE0F5_E1E2;
/// Longest name of a directory entry.
pub const NAME_MAX: usize = 255;
/// Largest piece of data that one pcluster may decompress to, `Z_EROFS_PCLUSTER_MAX_DSIZE`.
pub const PCLUSTER_MAX_DECODED: usize = 12 << 20;

/// Bits of `feature_compat`.
pub mod compat {
    /// The superblock carries a CRC-32C.
    pub const CHECKSUM: u32 = 0x1;
    /// Times of extended inodes are modification times.
    pub const MTIME: u32 = 0x2;
}

/// Bits of `feature_incompat`.
pub mod incompat {
    /// Compressed data stands at the end of its blocks, zeros before it.
    pub const ZERO_PADDING: u32 = 0x1;
    /// Compressor records follow the superblock, and a pcluster may have several blocks.
    pub const COMPRESSION_RECORDS: u32 = 0x2;
    /// Files in chunks.
    pub const CHUNKED_FILE: u32 = 0x4;
    /// More devices, or a second algorithm in a file.
    pub const DEVICE_TABLE: u32 = 0x8;
    /// The compressed end of a file stands behind its index.
    pub const TAIL_PACKING: u32 = 0x10;
    /// Ends of files stand in one packed inode, or compressed data is shared.
    pub const FRAGMENTS: u32 = 0x20;
    /// Long prefixes of attribute names.
    pub const XATTR_PREFIXES: u32 = 0x40;
    /// All of the above.
    pub const ALL: u32 = 0x7f;
}

/// Data layout of an inode, bits 1 to 3 of `i_format`.
pub mod layout {
    /// Whole blocks.
    pub const FLAT_PLAIN: u16 = 0;
    /// Compressed, 8 bytes of index for each block of the file.
    pub const COMPRESSED_FULL: u16 = 1;
    /// Whole blocks, the rest behind the inode.
    pub const FLAT_INLINE: u16 = 2;
    /// Compressed, 2 or 4 bytes of index for each block of the file.
    pub const COMPRESSED_COMPACT: u16 = 3;
    /// Chunks with a table of their addresses.
    pub const CHUNKED: u16 = 4;
}

/// File type bits of `i_mode`.
pub mod mode {
    /// Mask of the type.
    pub const TYPE: u16 = 0o170_000;
    /// Named pipe.
    pub const FIFO: u16 = 0o010_000;
    /// Character device.
    pub const CHAR: u16 = 0o020_000;
    /// Directory.
    pub const DIRECTORY: u16 = 0o040_000;
    /// Block device.
    pub const BLOCK: u16 = 0o060_000;
    /// Regular file.
    pub const FILE: u16 = 0o100_000;
    /// Symbolic link.
    pub const SYMLINK: u16 = 0o120_000;
    /// Socket.
    pub const SOCKET: u16 = 0o140_000;
}

/// Numbers of compression algorithms.
pub mod algorithm {
    /// LZ4 blocks.
    pub const LZ4: u8 = 0;
    /// MicroLZMA.
    pub const LZMA: u8 = 1;
    /// Raw DEFLATE.
    pub const DEFLATE: u8 = 2;
    /// Zstandard frames.
    pub const ZSTD: u8 = 3;
}

/// Types of logical clusters, the low two bits of `di_advise`.
pub mod lcluster {
    /// A block that is stored as it is begins here.
    pub const PLAIN: u16 = 0;
    /// A pcluster of the first algorithm begins here.
    pub const HEAD1: u16 = 1;
    /// Goes on with what began before.
    pub const NONHEAD: u16 = 2;
    /// A pcluster of the second algorithm begins here.
    pub const HEAD2: u16 = 3;
    /// In `delta[0]` of the first NONHEAD: the rest is the number of blocks of the pcluster.
    pub const BLOCK_COUNT: u16 = 1 << 11;
    /// In `di_advise`: the file needs only the beginning of the pcluster.
    pub const PARTIAL: u16 = 1 << 15;
}

/// Bits of `h_advise`.
pub mod advise {
    /// Compact index with 2 bytes a block.
    pub const COMPACT_2B: u16 = 0x1;
    /// Pclusters of the first algorithm may have several blocks.
    pub const BIG_PCLUSTER_1: u16 = 0x2;
    /// Pclusters of the second algorithm and plain ones may have several blocks.
    pub const BIG_PCLUSTER_2: u16 = 0x4;
    /// The last pcluster stands behind the index.
    pub const INLINE_PCLUSTER: u16 = 0x8;
    /// Plain data is rotated so that it can stay where it is read to.
    pub const INTERLACED: u16 = 0x10;
    /// The end of the file stands in the packed inode.
    pub const FRAGMENT: u16 = 0x20;
}

/// The superblock, at [`SUPERBLOCK_OFFSET`].
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Superblock {
    /// [`MAGIC`].
    pub magic: U32,
    /// CRC-32C of the rest of the first block with this field 0, without the final inversion.
    pub checksum: U32,
    /// [`compat`].
    pub feature_compat: U32,
    /// Binary logarithm of the block size.
    pub block_bits: u8,
    /// The superblock is this many times 16 bytes longer.
    pub extension_slots: u8,
    /// Inode of the root directory.
    pub root_nid: U16,
    /// Number of inodes.
    pub inodes: U64,
    /// Time of every compact inode, seconds since 1970.
    pub build_time: U64,
    /// Its nanoseconds.
    pub build_time_nsec: U32,
    /// Blocks of the image.
    pub blocks: U32,
    /// Block that inode numbers count from.
    pub meta_block: U32,
    /// Block that numbers of shared attributes count from.
    pub xattr_block: U32,
    /// Identity of the volume.
    pub uuid: [u8; 16],
    /// Name of the volume, ended by NUL.
    pub volume_name: [u8; 16],
    /// [`incompat`].
    pub feature_incompat: U32,
    /// One bit for each [`algorithm`] in use.
    pub algorithms: U16,
    /// Number of further devices.
    pub extra_devices: U16,
    /// Where the device table stands.
    pub device_slot: U16,
    /// Directory blocks are 2 to this power times larger; 0 always.
    pub directory_block_bits: u8,
    /// Number of long attribute prefixes.
    pub xattr_prefixes: u8,
    /// Where they stand, in units of 4 bytes.
    pub xattr_prefix_start: U32,
    /// Inode that holds fragments.
    pub packed_nid: U64,
    /// Not in use.
    pub reserved: [u8; 24],
}

/// Inode of 32 bytes: small owner numbers, small size, the build time.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct CompactInode {
    /// Bit 0: extended; bits 1 to 3: [`layout`].
    pub format: U16,
    /// Size of the attributes: 0 for none, else 1 + units of 4 bytes after their header.
    pub xattr_count: U16,
    /// Type and permissions.
    pub mode: U16,
    /// Names of this inode.
    pub nlink: U16,
    /// Bytes of content.
    pub size: U32,
    /// Not in use.
    pub reserved: U32,
    /// First block, number of compressed blocks, device number, or chunk format.
    pub place: U32,
    /// Number for 32-bit stat.
    pub ino: U32,
    /// Owner.
    pub uid: U16,
    /// Group.
    pub gid: U16,
    /// Not in use.
    pub reserved2: U32,
}

/// Inode of 64 bytes.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ExtendedInode {
    /// As in [`CompactInode`].
    pub format: U16,
    /// As in [`CompactInode`].
    pub xattr_count: U16,
    /// Type and permissions.
    pub mode: U16,
    /// Not in use.
    pub reserved: U16,
    /// Bytes of content.
    pub size: U64,
    /// As in [`CompactInode`].
    pub place: U32,
    /// Number for 32-bit stat.
    pub ino: U32,
    /// Owner.
    pub uid: U32,
    /// Group.
    pub gid: U32,
    /// Seconds since 1970.
    pub mtime: U64,
    /// Nanoseconds.
    pub mtime_nsec: U32,
    /// Names of this inode.
    pub nlink: U32,
    /// Not in use.
    pub reserved2: [u8; 16],
}

/// What stands before the attributes of an inode.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct XattrHeader {
    /// A filter by name; means nothing without a feature bit that we do not set.
    pub name_filter: U32,
    /// Number of shared attributes; their 4-byte numbers follow.
    pub shared: u8,
    /// Not in use.
    pub reserved: [u8; 7],
}

/// One attribute; name and value follow, padded to 4 bytes.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct XattrEntry {
    /// Bytes of the name without its prefix.
    pub name_len: u8,
    /// Which prefix.
    pub prefix: u8,
    /// Bytes of the value.
    pub value_size: U16,
}

/// One directory entry; names stand behind the last entry of a block.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Dirent {
    /// Inode.
    pub nid: U64,
    /// Where the name begins in this block.
    pub name_offset: U16,
    /// `FT_*` of the kernel.
    pub file_type: u8,
    /// Not in use.
    pub reserved: u8,
}

/// What stands before the index of a compressed file.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct MapHeader {
    /// Offset in the packed inode, or in its upper half the size of the inline pcluster.
    pub fragment_offset: U32,
    /// [`advise`].
    pub advise: U16,
    /// Low half: algorithm of HEAD1; high half: of HEAD2.
    pub algorithms: u8,
    /// Bits 0 to 3: logarithm of the lcluster size over that of the block; bit 7: the whole file is a fragment.
    pub cluster_bits: u8,
}

/// Index of one logical cluster, in the full form.
#[derive(Clone, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct LclusterIndex {
    /// [`lcluster`] type.
    pub advise: U16,
    /// Where in the block the data of the head begins.
    pub cluster_offset: U16,
    /// Of a head, its block; else `delta[0]` and `delta[1]` in the low and the high half.
    pub place: U32,
}

/// Bytes of a full index entry.
pub const LCLUSTER_INDEX: usize = size_of::<LclusterIndex>();
/// From the end of the attributes, rounded up to 8, to the first entry of a full index: header and 8 spare bytes.
pub const FULL_INDEX_START: usize = size_of::<MapHeader>() + 8;

/// Prefixes of attribute names with their numbers. The two of ACLs are whole names.
pub const XATTR_PREFIXES: [(u8, &[u8]); 6] = [
    (1, b"user."),
    (2, b"system.posix_acl_access"),
    (3, b"system.posix_acl_default"),
    (4, b"trusted."),
    (5, b"lustre."),
    (6, b"security."),
];

/// CRC-32C as in the superblock: over the rest of the block with the checksum field 0.
pub fn checksum(superblock_to_block_end: &[u8]) -> u32 {
    // CRC-32/ISCSI inverts at the end, the kernel's crc32c() does not.
    const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);
    !CRC.checksum(superblock_to_block_end)
}

/// Device number as inodes hold it, `new_encode_dev` of the kernel; `None` for what has no place in it.
pub fn encode_device(major: u32, minor: u32) -> Option<u32> {
    (major < 1 << 12 && minor < 1 << 20).then_some((minor & 0xff) | (major << 8) | ((minor & !0xff) << 12))
}

/// Major and minor number of an encoded device.
pub fn decode_device(device: u32) -> (u32, u32) {
    ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_have_the_sizes_of_the_kernel_header() {
        assert_eq!(size_of::<Superblock>(), 128);
        assert_eq!(size_of::<CompactInode>(), 32);
        assert_eq!(size_of::<ExtendedInode>(), 64);
        assert_eq!(size_of::<XattrHeader>(), 12);
        assert_eq!(size_of::<XattrEntry>(), 4);
        assert_eq!(size_of::<Dirent>(), 12);
        assert_eq!(size_of::<MapHeader>(), 8);
        assert_eq!(size_of::<LclusterIndex>(), 8);
    }

    #[test]
    fn device_numbers_survive() {
        for (major, minor) in [(0, 0), (1, 3), (8, 1), (259, 0x12345), (0xfff, 0xf_ffff)] {
            assert_eq!(encode_device(major, minor).map(decode_device), Some((major, minor)));
        }
        assert_eq!(encode_device(1 << 12, 0), None);
        assert_eq!(encode_device(0, 1 << 20), None);
    }
}
