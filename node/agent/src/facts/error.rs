//! Why a fact is not known.

use std::io;
use std::path::PathBuf;

/// Why a fact is not known.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// A file or folder of the kernel can't be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: expected {expected}", path.display())]
    Content {
        /// Which one.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The kernel did not answer on a socket of its own.
    #[error("asking the kernel for {what}: {error}")]
    Netlink {
        /// What it was asked for.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
}
