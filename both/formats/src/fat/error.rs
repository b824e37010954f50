//! What can go wrong on a FAT volume.

use std::io;

use super::check::Finding;

/// Why an operation on a volume did not happen.
#[derive(Debug, thiserror::Error)]
pub enum FatError {
    /// The device failed.
    #[error("the device failed")]
    Device(#[from] io::Error),
    /// The source of a new file failed, or ended before its announced size.
    #[error("the content of {path:?} could not be read")]
    Source {
        /// The file that was to be written.
        path: String,
        /// What failed.
        source: io::Error,
    },
    /// The first sector is not that of a FAT32 volume which fits the device.
    #[error("not a FAT32 volume: {0}")]
    NotFat32(String),
    /// The size or cluster size that was asked for gives no FAT32 volume that firmware reads.
    #[error("can't format: {0}")]
    Format(String),
    /// A name that FAT or this code can't store.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No such file or directory.
    #[error("{0:?} does not exist")]
    NotFound(String),
    /// The name is taken, perhaps by another spelling or by another file's short name.
    #[error("{0:?} exists already")]
    Exists(String),
    /// A directory was expected.
    #[error("{0:?} is not a directory")]
    NotADirectory(String),
    /// A file was expected.
    #[error("{0:?} is a directory, not a file")]
    IsADirectory(String),
    /// The directory to remove has entries.
    #[error("directory {0:?} is not empty")]
    NotEmpty(String),
    /// The root directory can't be removed or renamed.
    #[error("the root directory can be neither removed nor renamed")]
    Root,
    /// A file of that size can't be stored in FAT32.
    #[error("{path:?} has {size} bytes, a FAT32 file has 4294967295 at most")]
    TooLarge {
        /// The file that was to be written.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// No room.
    #[error("the volume is full: {needed} clusters are needed, {free} are free")]
    Full {
        /// Clusters that the operation needs.
        needed: u32,
        /// Clusters that are free.
        free: u32,
    },
    /// The directory has all the entries that FAT allows.
    #[error("directory {0:?} has the 65536 slots that FAT allows")]
    DirectoryFull(String),
    /// A chain leaves the volume, ends early, runs in a circle, or is longer than FAT allows.
    #[error("the cluster chain from cluster {first} is broken at cluster {at}")]
    BrokenChain {
        /// First cluster of the chain.
        first: u32,
        /// Cluster whose table entry is not a valid next one.
        at: u32,
    },
    /// Writing to a damaged volume would make it worse; files of it can still be read.
    #[error("the volume is damaged: {0}")]
    Damaged(Finding),
    /// An earlier write failed, so what the device holds is not known.
    #[error("an earlier write failed, the volume must be opened anew")]
    Failed,
}

/// Why a name can't be stored.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, `.` or `..`.
    #[error("{0:?} is not a file name")]
    Reserved(String),
    /// A character that FAT forbids, or one beyond UCS-2.
    #[error("{name:?} holds {character:?}, which a FAT name can't")]
    Character {
        /// The name.
        name: String,
        /// The first offending character.
        character: char,
    },
    /// Other systems drop a dot or space at the end.
    #[error("{0:?} ends with a dot or a space, which a FAT name can't")]
    End(String),
    /// The entry would not fit into one sector.
    #[error("{0:?} has more than 195 characters, which is what one sector of a directory can hold")]
    TooLong(String),
    /// All short names that could stand for the long one are taken.
    #[error("no short name is left for {0:?}")]
    NoShortName(String),
    /// A label has at most 11 characters of the short-name kind.
    #[error("{0:?} is not a volume label: expected 1 to 11 characters A-Z, 0-9, space, _ or -")]
    Label(String),
}
