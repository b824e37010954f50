//! `corten.modules`: which modules a name or alias leads to, in the order in which to load them.
//!
//! Init reads it for every `modprobe` of the kernel and once for all devices at boot, on machines that may be
//! emulated in software. So the load order of each module is worked out by the builder, nothing needs to be parsed,
//! and a look-up is a few binary searches. All numbers are little-endian:
//!
//! ```text
//! header    magic "corten-m", version, counts of the four tables, bytes of text
//! modules   by name: name, path, loads, rank; 24 bytes each
//! aliases   by literal prefix: pattern, length of the prefix, module or built in; 12 bytes each
//! built-in  by name; 8 bytes each
//! loads     module numbers, the highest bit set where the module is only tried; 4 bytes each
//! text      names, paths and patterns, each once
//! ```
//!
//! The literal prefix of a pattern is what stands before its first special character. Sorted by it, the patterns
//! that can match a text lie in one ever narrower range, found by one binary search for each character.

mod dump;
mod format;
mod reader;
mod writer;

pub use reader::{IndexError, IndexRef, Load, Resolution};
pub use writer::Index;

/// Name of the file in `/usr/lib/modules/<release>`.
pub const FILE_NAME: &str = "corten.modules";
