//! Why contexts can't be read or written.

use std::io;
use std::path::PathBuf;

use corten_api::identity::FingerprintError;

use super::{NoAddress, NoName, NodeName};

/// Contexts can't be read or written. The text names the file.
#[derive(Debug, thiserror::Error)]
pub enum ContextsError {
    /// A file or folder can't be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error("{}: {fault}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its key.
        fault: Fault,
    },
    /// There is a node of this name already.
    #[error("there is a node {0} already: choose another name, or `corten node forget {0}` first")]
    Taken(NodeName),
    /// There is no node of this name.
    #[error("there is no node {name}{}", those(.known))]
    Unknown {
        /// The name.
        name: NodeName,
        /// Those that there are.
        known: Vec<NodeName>,
    },
    /// Neither variable says where a person's files are.
    #[error("neither XDG_CONFIG_HOME nor HOME says where the contexts are: name their file with --contexts")]
    Nowhere,
}

/// What is wrong in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is larger than contexts ever are.
    #[error("it has {0} bytes: more than 1 MiB is not read")]
    TooLarge(u64),
    /// It is not TOML, or has keys or kinds of values that contexts do not have.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What was found and expected.
        message: String,
    },
    /// A name is none.
    #[error("{key}: {source}")]
    Name {
        /// The key.
        key: String,
        /// Why.
        source: NoName,
    },
    /// A node has no address.
    #[error("{0}: expected address = \"HOST:PORT\"")]
    NoAddress(String),
    /// An address is none.
    #[error("{key}: {source}")]
    Address {
        /// The key.
        key: String,
        /// Why.
        source: NoAddress,
    },
    /// A fingerprint is none.
    #[error("{key}: {source}")]
    Fingerprint {
        /// The key.
        key: String,
        /// Why.
        source: FingerprintError,
    },
    /// It is not said how a node is recognised, or said twice.
    #[error("{0}: expected one of authority and fingerprint")]
    Trust(String),
    /// A certificate without key or the other way round.
    #[error("{0}: expected both certificate and key, or neither")]
    Credentials(String),
    /// A path is empty, or one that no text can hold.
    #[error("{0}: expected a path")]
    Path(String),
}

/// What to say of those that there are.
pub(super) fn those(names: &[NodeName]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<_> = names.iter().map(NodeName::as_str).collect();
    format!("; there are {}", names.join(", "))
}
