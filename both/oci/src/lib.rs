//! OCI images: names, manifests, layouts, archives, layers. Nothing here reads a clock or the network.
//!
//! ```text
//! reading   source ── descriptor ──> manifest ──> configuration
//!           (layout, archive)            └──────> layers ──> entries
//! writing   entries ──> layer ─┐
//!           configuration ─────┴──> manifest ──> layout or archive
//! ```
//!
//! Who wrote an image may mean harm, and some of those who read it have all rights. So every document is bounded in
//! size and depth before anything is made of it ([`limits`]), every blob is verified while it is read ([`verified`]),
//! and what comes out of a layer names places below its root alone ([`layer`]). What is written has one form only: the
//! same input, the same bytes.
#![forbid(unsafe_code)]

pub mod compression;
pub mod digest;
pub mod gather;
pub mod json;
pub mod layer;
pub mod limits;
pub mod manifest;
pub mod media;
pub mod reference;
pub mod source;
pub mod tar;
pub mod verified;
pub mod write;
