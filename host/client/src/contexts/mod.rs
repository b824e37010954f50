//! The nodes that a person knows: what each is called, where it is, how it is recognised, and who one is there.
//!
//! They are in one file, `~/.config/corten/contexts.toml`, which several programs change at a time: every change takes
//! a lock, reads the file again and replaces it as a whole.
//!
//! ```toml
//! current = "lab"
//!
//! [nodes.lab]
//! address = "192.0.2.4:7443"
//! authority = "/home/me/keys/authority.pem" # or: fingerprint = "64 hexadecimal digits"
//! certificate = "/home/me/keys/admin.pem"
//! key = "/home/me/keys/admin.key"
//! note = "rack 4"
//! ```
//!
//! Paths that are not absolute count from the folder of the file.

mod address;
mod chosen;
mod document;
mod error;
mod file;
mod name;
mod node;

pub use address::{Address, DEFAULT_PORT, NoAddress};
pub use chosen::{NoSuchNode, Wanted};
pub use document::{Document, MAX_BYTES};
pub use error::{ContextsError, Fault};
pub use file::{Contexts, default_path};
pub use name::{NoName, NodeName};
pub use node::{Credentials, Node, Trust};
