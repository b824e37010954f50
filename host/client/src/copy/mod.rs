//! Files between this machine and a container, as a tar archive that is never whole anywhere: one thread makes or unpacks
//! it while the connection carries its pieces.
//!
//! What comes from a node is not trusted: it can write nothing outside of the place that was named, and makes no
//! devices and nothing that runs with somebody else's rights. See [`Unpacker`].

mod error;
mod pack;
mod pieces;
mod place;
mod transfer;
mod unpack;

pub use error::CopyError;
pub(crate) use pieces::Whole;
pub use place::{NoPlace, Place, Remote};
pub use transfer::{from_node, to_node};
pub use unpack::{Unpacked, Unpacker};
