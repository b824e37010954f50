//! Bringing files of known SHA-256 into the store: several at a time, with retries, resuming what was cut off.

mod download;
mod queue;
pub mod retry;

use std::time::Duration;

pub use self::queue::{check_network, fetch_all};
use crate::error::Class;
use crate::hash::ContentHash;
use crate::transport::TransportError;

/// A file that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Name in events and errors: a package, or an index.
    pub name: String,
    /// Version of a locked package; `None` for an index.
    pub version: Option<String>,
    /// Where it can be read. Later addresses are tried when there is no such file at the earlier ones.
    pub urls: Vec<String>,
    /// Its size, which no answer may differ from.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: ContentHash,
}

/// Why a file can't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The archive has dropped a locked package.
    #[error(
        "package {name} version {version} is no longer in the archive; run `corten lock --update {name}` to take the \
         present one"
    )]
    Gone {
        /// Package.
        name: String,
        /// Version in the lock.
        version: String,
    },
    /// A file that has to be there is not.
    #[error("{url}: there is no such file")]
    NotFound {
        /// Address.
        url: String,
    },
    /// The server can't be read from, after all tries.
    #[error("{url}: {source} (tried {attempts} {})", if *attempts == 1 { "time" } else { "times" })]
    Transport {
        /// Address.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        source: TransportError,
    },
    /// The bytes end too early, after all tries.
    #[error("{url}: the answer ends after {found} of {expected} bytes (tried {attempts} times)")]
    Truncated {
        /// Address.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// Bytes that came.
        found: u64,
        /// Bytes that were expected.
        expected: u64,
    },
    /// Files are missing and may not be fetched.
    #[error("the store lacks {} and --offline forbids to fetch: {}", count(.0.len()), .0.join(", "))]
    Offline(Vec<String>),
    /// The lock has a package of an archive that no mirror is known for.
    #[error(
        "package {0} lies in the archive of security updates, and no mirror of that is known: name one with --security-mirror URL"
    )]
    NoSecurityMirror(String),
}

fn count(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

impl FetchError {
    /// The class of the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Gone { .. } => Class::Lock,
            _ => Class::Network,
        }
    }
}

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Yes.
    Online,
    /// No: only what the store has.
    Offline,
}

/// How hard to try.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Downloads at the same time.
    pub connections: usize,
    /// Tries for one file. One that brings a good part of it does not count.
    pub attempts: u32,
    /// Pause after the first failure; each further one doubles it.
    pub pause: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self { connections: 4, attempts: 4, pause: Duration::from_millis(500) }
    }
}
