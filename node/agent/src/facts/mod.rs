//! What the kernel says of the node, one file a subject. Each reads afresh; nothing is kept between two questions.
//!
//! Texts are parsed by pure functions that take what they know and pass over the rest, since a newer kernel may say
//! more. What has no end, such as sockets, has a limit.

pub mod addresses;
pub mod disks;
mod error;
mod files;
pub mod links;
pub mod mounts;
pub mod netlink;
pub mod node;
pub mod processes;
pub mod routes;
pub mod sockets;
pub mod timeline;
pub mod usage;

pub use error::FactError;
