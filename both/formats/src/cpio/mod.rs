//! The cpio archive in its "newc" form, which is what an initrd is made of.
//!
//! Specification: `Documentation/driver-api/early-userspace/buffer-format.rst` of the Linux source. An archive is
//! a row of entries, each a header of 110 ASCII bytes, a path, and content; both are padded to four bytes. The
//! entry `TRAILER!!!` ends it. The kernel takes several archives in a row as one, if each starts at a multiple of
//! four bytes: the early one with the processor's microcode comes first and is not compressed.

mod debug;
mod format;
mod reader;
mod writer;

pub use debug::dump;
pub use reader::{Archive, Entry, ReadError, read};
pub use writer::{WriteError, write};

/// Where the kernel looks for the microcode of Intel processors in the early archive.
pub const MICROCODE_INTEL: &str = "kernel/x86/microcode/GenuineIntel.bin";

/// Where the kernel looks for the microcode of AMD processors in the early archive.
pub const MICROCODE_AMD: &str = "kernel/x86/microcode/AuthenticAMD.bin";
