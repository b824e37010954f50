//! One archive with everything that a bug report needs, and without secrets.
//!
//! [`Contents`] is what the agent knows; its sections are made one after the other, each goes through the
//! [`Redactor`], and [`Bundle`] compresses them and gives the archive away in pieces. So no more than one section is in
//! memory as text, and never the whole archive.

mod bundle;
mod contents;
mod redact;
mod table;

pub use bundle::{Bundle, CHUNK, MAX_BYTES};
pub use contents::{Contents, Section};
pub use redact::{REMOVED, Redactor};
