//! Container images of a recipe: from archives and layouts to trees in the root that a node mounts as they are.
//!
//! ```text
//! [[image]] ── open ──> documents ── read ──> layers ── settle ──> trees ── place ──> /usr/lib/corten/images
//! ```
//!
//! They are somebody else's: with setuid programs, shells, libraries of their own. So they are put into a tree of the
//! root that is complete without them, and what is counted and checked of the node is counted and checked before.

mod layer;
mod open;
mod place;
mod read;

#[cfg(test)]
mod tests;

pub use open::{identity, limit, open};
pub use place::place;
pub use read::read;
