//! What keeps the output of a container from being kept or read.

use std::io;
use std::path::PathBuf;

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What was asked for can't be a workload or a container.
    #[error("{0:?} is no workload, expected WORKLOAD or WORKLOAD/CONTAINER")]
    Name(String),
    /// A FIFO can't be made or opened.
    #[error("{}: {error}", path.display())]
    Fifo {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder with the logs can't be read.
    #[error("reading {}: {error}", path.display())]
    Folder {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was kept can't be removed.
    #[error("removing {}: {error}", path.display())]
    Remove {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}
