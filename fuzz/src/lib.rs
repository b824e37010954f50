//! Every parser of outside data as a function of bytes, with seeds from which mutation starts.
//!
//! A target may answer whatever it likes to its input; it must not panic, hang, or take memory without limit.
#![forbid(unsafe_code)]

mod mutation;
pub mod smoke;
mod targets;

pub use mutation::mutate;
pub use targets::{TARGETS, Target, named};
