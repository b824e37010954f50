//! User-space ELF files: what the dynamic loader will look for when a program or library is used.
//!
//! The builder takes the shared-library closure of the programs that a recipe names. Most of it stands in the
//! dynamic section; what a program opens by itself with dlopen(3) may stand in notes, which a recipe can follow
//! or not. Only 64-bit files are read; the byte order is the file's.
//!
//! Specifications: System V ABI, "Program Loading and Dynamic Linking"; UAPI group, "ELF dlopen() Metadata".

mod dlopen;
mod dump;
mod reader;

pub use dlopen::{Dlopen, Priority};
pub use reader::{ElfError, ElfFile, ElfKind, Linkage, is_elf};
