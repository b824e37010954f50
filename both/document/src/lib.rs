//! Documents that people write: values that know their place, reading, complaints.
//!
//! What recipes and machine configurations have in common: TOML and YAML as a tree of [`Node`]s that know their place,
//! reading into types that collects everything that is wrong, laying one document over another, writing, and
//! complaints. How a complaint looks on a terminal is for the host to say, since this is linked into the node.
#![forbid(unsafe_code)]

mod court;
mod diagnostic;
mod format;
mod key;
mod lay;
mod literal;
mod nearest;
mod node;
mod origins;
mod parse;
mod problem;
mod read;
mod read_value;
mod schema;
mod sink;
mod source;
mod subject;
mod sysctl;
mod text;
mod toml_text;
mod value;
mod word;
mod write;
mod yaml_error;
mod yaml_place;
mod yaml_text;

pub use court::Court;
pub use diagnostic::Diagnostic;
pub use format::Format;
pub use key::{KeyPath, Step, quoted};
pub use lay::{Laying, Lists};
pub use literal::{literal, shown};
pub use nearest::nearest;
pub use node::{Node, Value};
pub use origins::{Origins, Part};
pub use parse::{Bounds, parse};
pub use problem::Problem;
pub use read::{Read, Table, read};
pub use schema::schema_of;
pub use sink::Sink;
pub use source::{Lines, Origin, Source, SourceId};
pub use subject::Subject;
pub use sysctl::{SysctlKey, SysctlRule};
pub use text::Text;
pub use value::BadValue;
pub use word::{Rule, Word};
pub use write::{Writer, inline};
