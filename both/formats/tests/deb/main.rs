//! The formats of the Debian archive: against dpkg and GNU tar, and against bytes of nobody's making.

#[path = "../tool/mod.rs"]
mod tool;

mod hostile;
mod tar;
mod version;
