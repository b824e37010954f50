//! Recipe: what an operating system image holds, in TOML.
//!
//! Three stages: [as written](Recipe), one struct a table, checked file by file; merged along `extends`, every
//! value still knowing its place; and the [`Plan`], in which everything is decided. The builder starts from a plan
//! alone.
#![forbid(unsafe_code)]

mod diagnostic;
mod key;
mod nearest;
mod node;
mod origins;
pub mod plan;
mod source;
pub mod types;

pub use diagnostic::{Diagnostic, Origin, Problem, Report};
pub use key::{KeyPath, Step};
pub use nearest::nearest;
pub use plan::Plan;
pub use source::{Location, Source};
