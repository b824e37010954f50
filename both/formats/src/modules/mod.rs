//! Kernel modules: what a module says of itself, which modules belong together, and the index by which init
//! answers as `/sbin/modprobe`.
//!
//! The kernel package ships no `modules.dep`; its postinst would make it. So the builder reads the `.modinfo`
//! section of every module into a [`Catalog`], takes the closure of what the recipe wants, and writes an
//! [`Index`] of the result beside the modules. Init reads that index with [`IndexRef`], without copying it.
//!
//! ```text
//! .ko files ──ModInfo──▶ Catalog ──closure──▶ selected modules ──Index──▶ corten.modules ──IndexRef──▶ init
//! ```
//!
//! Names are canonical everywhere: the kernel takes `-` and `_` in module names for the same, and so does kmod in
//! aliases. Formats: `Documentation/kbuild/modules.rst` of the kernel, modprobe(8), depmod(8).

mod builtin;
mod catalog;
mod closure;
mod glob;
mod index;
mod info;
mod name;
mod order;
mod pattern;
mod requests;

pub use builtin::{Builtin, BuiltinError};
pub use catalog::{Catalog, CatalogError, Module, Target, sort_by_order};
pub use closure::{Closure, UnknownWish, Why};
pub use index::{FILE_NAME, Index, IndexError, IndexRef, Load, Resolution};
pub use info::{ModInfo, ModInfoError};
pub use name::canonical;
pub use order::{DependencyError, Need};
pub use pattern::matches;
pub use requests::{KERNEL_REQUESTS, KernelRequest};
