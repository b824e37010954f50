//! Machine configuration: what makes one machine different from another of the same image.
//!
//! Three stages: documents as written, merged over one another with every value knowing where it is from, and
//! [`Settings`], in which everything is decided. Whoever changes a node starts from settings alone.
#![forbid(unsafe_code)]

mod changes;
mod document;
mod merged;
mod report;
mod secrets;
pub mod settings;

pub use changes::{Change, changes};
pub use document::{Document, Format, MAX_DOCUMENT};
pub use merged::{KeyOrigin, Merged, Secrets, read};
pub use report::{Problem, Report};
pub use secrets::{SECRET_KEPT, redacted, with_kept_secrets};
pub use settings::Settings;
