//! EROFS images against themselves, against hostile changes, and against erofs-utils.

#[path = "../tool/mod.rs"]
mod tool;

mod dump;
mod foreign;
mod hostile;
mod round_trip;
mod trees;
