//! Why a network can't be had.

use std::path::PathBuf;

use corten_network::files::FileError;
use corten_network::netlink::NetlinkError;
use corten_sys::SysError;

use super::plan::PlanError;

/// Why a workload can't join or leave.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// It gets no place.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// Its bridge gets another subnet once all have left it.
    #[error(
        "network {0}: the node came to use its addresses itself, so it gets others when all workloads have left it"
    )]
    Moving(String),
    /// netavark refused.
    #[error("netavark {verb}: {reason}")]
    Netavark {
        /// What it was to do.
        verb: &'static str,
        /// What it said.
        reason: String,
    },
    /// netavark did something else than it was told.
    #[error("netavark gave {given:?} where {wanted:?} was wanted")]
    Addresses {
        /// What the workload has now.
        given: Vec<std::net::IpAddr>,
        /// What it was to have.
        wanted: Vec<std::net::IpAddr>,
    },
    /// Nobody answers for its name.
    #[error("the name server at {server} does not know {workload}, or can't answer there")]
    Nameless {
        /// The workload.
        workload: String,
        /// The address of the node on its bridge.
        server: std::net::IpAddr,
    },
    /// A program can't be started, or talked to.
    #[error("{program}: {error}")]
    Program {
        /// Its path.
        program: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A program does not end.
    #[error("{program}: no end after {seconds} s")]
    Slow {
        /// Its path.
        program: String,
        /// How long it had.
        seconds: u64,
    },
    /// A program failed.
    #[error("{program}: {reason}")]
    Failed {
        /// Its path.
        program: String,
        /// What it said.
        reason: String,
    },
    /// Another netavark, of a daemon before this one, still runs.
    #[error("another netavark has {} for more than {seconds} s", path.display())]
    Busy {
        /// The file that it holds.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A file can't be written or read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// What is remembered can't be read or written.
    #[error("what is remembered of networks: {0}")]
    Memory(#[from] FileError),
    /// The kernel refused.
    #[error("{0}")]
    Kernel(#[from] SysError),
    /// The kernel refused to tell of links, or to change one.
    #[error("netlink: {0}")]
    Netlink(#[from] NetlinkError),
}
