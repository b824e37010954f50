//! Machine configuration: what makes one machine different from another of the same image.
//!
//! Three stages: documents as written, merged over one another with every value knowing where it is from, and
//! [`Settings`], in which everything is decided. Whoever changes a node starts from settings alone.
#![forbid(unsafe_code)]

pub mod settings;

pub use settings::Settings;
