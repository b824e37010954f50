//! EROFS images against themselves, against hostile changes, and against erofs-utils.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "../tool/mod.rs"]
mod tool;

mod dump;
mod foreign;
mod hostile;
mod round_trip;
mod trees;
