//! Documents that people write: values that know their place, reading, complaints.
#![forbid(unsafe_code)]

mod format;

pub use format::Format;
