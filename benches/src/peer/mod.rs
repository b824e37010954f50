//! The systems that Corten is measured against.

pub mod mkosi;
