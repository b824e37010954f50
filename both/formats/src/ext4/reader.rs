//! Reads a superblock. Init runs this on whatever lies on a disk, so nothing here trusts the bytes.

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use super::format::{
    CHECKSUM_CRC32C, COMPAT_JOURNAL, INCOMPAT_64BIT, INCOMPAT_JOURNAL_DEVICE, INCOMPAT_RECOVER, MAGIC,
    MAX_LOG_BLOCK_SIZE, RO_COMPAT_METADATA_CSUM, RawSuperblock, SIZE, STATE_ERRORS, STATE_VALID, checksum,
};

/// What a superblock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// UUID in the order in which it is read as text.
    pub uuid: [u8; 16],
    /// Label.
    pub label: String,
    /// Bytes of a block.
    pub block_size: u64,
    /// Blocks of the file system.
    pub blocks: u64,
    /// What the kernel thinks of it.
    pub health: Health,
    /// Whether changes that were under way are known.
    pub journal: Journal,
}

/// What the kernel thinks of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// In order.
    Good,
    /// It was not unmounted in order and has no journal that would make up for it.
    Unknown,
    /// The kernel found errors since the last check.
    Errors,
}

/// The journal of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// There is none.
    None,
    /// It has nothing to say: the file system was unmounted in order.
    Empty,
    /// The kernel has to replay it when it mounts.
    Replay,
}

/// Why there is no file system to be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuperblockError {
    /// No superblock.
    #[error("no ext4 superblock: the magic number is {0:#06x}, expected {MAGIC:#06x}")]
    Magic(u16),
    /// The superblock is damaged.
    #[error("the checksum of the ext4 superblock is {found:#010x}, expected {expected:#010x}")]
    Checksum {
        /// What it carries.
        found: u32,
        /// What its bytes come to.
        expected: u32,
    },
    /// The journal of another file system.
    #[error("it is the journal of another ext4 file system")]
    JournalDevice,
    /// A size that no file system has: which one, and its value.
    #[error("{0} of the ext4 superblock is {1}, which is out of bounds")]
    Bounds(&'static str, u64),
}

impl Superblock {
    /// Reads the bytes of a superblock or of a backup of one. Its checksum is verified if it has one.
    pub fn parse(bytes: &[u8; SIZE]) -> Result<Self, SuperblockError> {
        let Ok((raw, _)) = RawSuperblock::ref_from_prefix(bytes) else {
            return Err(SuperblockError::Magic(0));
        };
        if raw.magic.get() != MAGIC {
            return Err(SuperblockError::Magic(raw.magic.get()));
        }
        let [compat, incompat, ro_compat] =
            [raw.feature_compat, raw.feature_incompat, raw.feature_ro_compat].map(U32::get);
        if ro_compat & RO_COMPAT_METADATA_CSUM != 0 {
            if raw.checksum_type != CHECKSUM_CRC32C {
                return Err(SuperblockError::Bounds("the type of checksum", raw.checksum_type.into()));
            }
            let (found, expected) = (raw.checksum.get(), checksum(bytes));
            if found != expected {
                return Err(SuperblockError::Checksum { found, expected });
            }
        }
        if incompat & INCOMPAT_JOURNAL_DEVICE != 0 {
            return Err(SuperblockError::JournalDevice);
        }
        let log = raw.log_block_size.get();
        if log > MAX_LOG_BLOCK_SIZE {
            return Err(SuperblockError::Bounds("the block size", log.into()));
        }
        let high = if incompat & INCOMPAT_64BIT == 0 { 0 } else { raw.blocks_count_hi.get() };
        let blocks = u64::from(high) << 32 | u64::from(raw.blocks_count_lo.get());
        let block_size = 1024_u64 << log;
        // As many bytes as an offset can count, which is also what Linux takes.
        if blocks == 0 || blocks.checked_mul(block_size).is_none_or(|bytes| bytes > i64::MAX as u64) {
            return Err(SuperblockError::Bounds("the number of blocks", blocks));
        }
        let label = raw.volume_name.split(|byte| *byte == 0).next().unwrap_or_default();
        let state = raw.state.get();
        Ok(Self {
            uuid: raw.uuid,
            label: String::from_utf8_lossy(label).into_owned(),
            block_size,
            blocks,
            health: match state & (STATE_VALID | STATE_ERRORS) {
                STATE_VALID if raw.error_count.get() == 0 => Health::Good,
                0 => Health::Unknown,
                _ => Health::Errors,
            },
            journal: match (compat & COMPAT_JOURNAL, incompat & INCOMPAT_RECOVER) {
                (0, _) => Journal::None,
                (_, 0) => Journal::Empty,
                _ => Journal::Replay,
            },
        })
    }

    /// Bytes of the file system.
    pub fn bytes(&self) -> u64 {
        // Checked when it was read.
        self.blocks.saturating_mul(self.block_size)
    }
}
