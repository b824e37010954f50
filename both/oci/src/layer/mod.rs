//! Layers: what an image adds to, changes in, and removes from the layers below it (OCI image specification, layer.md).
//!
//! ```text
//! usr/bin/nginx             an entry: takes the place of what lower layers have there
//! usr/share/.wh.doc         a whiteout: usr/share/doc of lower layers is gone
//! var/cache/.wh..wh..opq    opaque: nothing of lower layers is in var/cache any more
//! ```
//!
//! A [`LayerReader`] gives entries in the order of the archive, with paths that name places below the root alone, and
//! refuses what would be unpacked differently by different programs:
//!
//! - paths with `..`, and names that Linux does not have. A leading `/` is taken for the root of the layer.
//! - entries below something that the same layer makes a file, a link or a whiteout
//! - a path twice, unless it is a directory both times (the later one says the mode)
//! - hard links to directories, or to what stands only behind them. One to a path that the layer does not have is to
//!   that of a lower layer.
//!
//! A layer may leave out directories that lie above its entries. Whoever unpacks it makes them, or keeps those of the
//! layers below. Symbolic links lead wherever their author liked; devices are reported as what they are. Attributes of
//! overlayfs (`trusted.overlay.`, `user.overlay.`) say where a mount finds its files, so they are passed over.

mod dump;
mod entry;
mod error;
mod path;
mod reader;
mod seen;

pub use dump::dump;
pub use entry::{Entry, Kind, Place};
pub use error::LayerError;
pub use path::PathError;
pub use reader::{LayerReader, Limits};

pub(crate) use path::normal;
pub(crate) use seen::Seen;
