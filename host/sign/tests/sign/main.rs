//! Signatures, lists, updates and stores, read by other people's programs.
#![allow(missing_docs)]

mod efi;
mod folder;
mod keys;
mod pe;
mod program;
mod signature;
#[path = "../../../../both/formats/tests/tool/mod.rs"]
mod tool;
