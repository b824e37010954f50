//! The boot image: a PE program of systemd's stub with kernel, initrd and command line as further sections.
//!
//! Specifications: the Unified Kernel Image specification of the UAPI group, and Microsoft's "PE Format". What
//! `ukify` 257 writes is the model, section for section.
//!
//! ```text
//! MS-DOS header, PE header, optional header, section table
//! .text .rodata .data .sbat .sdmagic .reloc      as the stub has them
//! .osrel .cmdline .uname .linux .initrd .ucode   appended, each at a multiple of the file alignment
//! certificate table                              appended by a signer later
//! ```
//!
//! The stub brings `.sbat`, by which firmware can revoke it, and it stays untouched.

mod debug;
mod format;
mod reader;
mod writer;

pub use debug::dump;
pub use reader::{PeError, PeImage, Section};
pub use writer::{Parts, UkiError, build};
