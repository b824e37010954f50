//! Machine configuration: what makes one machine different from another of the same image.
//!
//! Three stages: documents as [written](Configuration), one struct a table; merged over one another with every value
//! knowing where it is from; and [`Settings`], in which everything is decided. Whoever changes a node starts from
//! settings alone.
#![forbid(unsafe_code)]

mod changes;
mod decide;
mod document;
mod leaves;
mod masked;
mod merged;
mod report;
mod schema;
mod secrets;
pub mod settings;
mod starting;
pub mod types;
pub mod written;

pub use changes::{Change, changes};
pub use corten_document::BadValue;
pub use document::{Document, Format, MAX_DOCUMENT};
pub use merged::{KeyOrigin, Merged, SUBJECT, Secrets, read};
pub use report::{Problem, Report};
pub use schema::{schema, schema_text};
pub use secrets::{SECRET_KEPT, redacted, with_kept_secrets};
pub use settings::Settings;
pub use starting::starting_document;
pub use types::HostName;
pub use written::Configuration;
