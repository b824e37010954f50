//! Why a node has no state, and what a person can do about it.

use corten_formats::gpt::ReadError;
use corten_sys::SysError;

use crate::device::DiskError;
use crate::state::ToolError;
use crate::table::{Refusal, WriteError};

/// Why there is no state.
#[derive(Debug, thiserror::Error)]
pub enum NoState {
    /// The disk can't be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// No copy of the partition table can be read.
    #[error(transparent)]
    Table(#[from] ReadError),
    /// The partition table can't be what it must be.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The partition table could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SysError),
    /// The partition holds nothing that can be used: its device, and what is wrong.
    #[error("{0}: {1}")]
    Damaged(String, String),
    /// A program of e2fsprogs failed on the partition.
    #[error("{0}: {1}")]
    Tool(String, ToolError),
}

impl NoState {
    /// What a person can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Refusal(Refusal::NoRoom { .. } | Refusal::Full) => {
                "give the machine a larger disk, or an empty one, and write the image to it"
            }
            Self::Refusal(_) | Self::Write(WriteError::Foreign(_)) => {
                "look at the partition table from another system; nothing was changed"
            }
            Self::Damaged(..) | Self::Tool(..) => {
                "nothing was formatted: save or mend the partition from another system, or write the image to the \
                 disk again, which loses the state"
            }
            Self::Disk(_) | Self::Table(_) | Self::Write(_) | Self::System(_) => {
                "the disk may be failing: look at the messages of the kernel, and start the machine again"
            }
        }
    }
}
