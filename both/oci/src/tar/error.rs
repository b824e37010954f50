//! What is wrong with an archive.

use std::io;

/// Why an archive can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// What it is read from or written to fails; or what it is read from shows that it was changed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It ends within a header or within content.
    #[error("it is cut off at byte {0}")]
    Truncated(u64),
    /// A header whose checksum or numbers are wrong.
    #[error("the header at byte {at} is damaged: {why}")]
    Header {
        /// Where it lies.
        at: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// A type that is not supported.
    #[error("{name:?} is of type {kind:?}, which is not supported")]
    Kind {
        /// The member.
        name: String,
        /// Type flag of its header.
        kind: char,
    },
    /// A header that extends the next one, and is too large.
    #[error("the extended header at byte {at} has {size} bytes")]
    Extended {
        /// Where it lies.
        at: u64,
        /// Its size.
        size: u64,
    },
    /// Content that has not the length that was said.
    #[error("the content of {name:?} has not the {size} bytes that were said")]
    Content {
        /// The member.
        name: String,
        /// The size that was said.
        size: u64,
    },
}
