//! The formats of the Debian archive, as bytes and text: packages (`ar`, `tar`), control fields, versions,
//! relations between packages, and the indexes `Packages` and `Release`.
//!
//! Everything here reads data of strangers, so every reader has limits and returns errors as values. What
//! decompresses, verifies signatures or touches files is in `corten-archive`.

pub mod ar;
pub mod control;
pub mod package;
pub mod packages;
pub mod paragraph;
pub mod path;
pub mod relation;
pub mod release;
pub mod tar;
pub mod time;
pub mod version;
