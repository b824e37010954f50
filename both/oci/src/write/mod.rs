//! Writing: layers, what holds them together, and layouts and archives of them. The same input gives the same bytes:
//! entries are sorted, owners are numbers, times are those that were passed, maps are sorted, and compression has one
//! level.
//!
//! ```text
//! entries ─> LayerWriter ─> Layer ─┐
//!            configuration ────────┴─> assemble ─> Assembled ─┐
//! source ─> transfer ─────────────────────────────────────────┴─> LayoutWriter, ArchiveWriter
//!        └> load ─> Image ──────────────────────────────────────> DockerWriter
//! ```

mod archive;
mod assemble;
mod docker;
mod error;
mod hashing;
mod layer;
mod layout;
mod sink;
mod transfer;

pub use archive::ArchiveWriter;
pub use assemble::{Assembled, assemble};
pub use docker::DockerWriter;
pub use error::WriteError;
pub(crate) use hashing::Hashing;
pub use layer::{Layer, LayerWriter};
pub use layout::LayoutWriter;
pub use sink::Sink;
pub use transfer::{Which, copy_blob, transfer};
