//! Recipe: what an operating system image holds, in TOML; and, less of the same, what a container image holds.
//!
//! Three stages: [as written](Recipe), one struct a table, checked file by file; merged along `extends`, every
//! value still knowing its place; and the [`Plan`], in which everything is decided. The builder starts from a plan
//! alone.
#![forbid(unsafe_code)]

mod builtin;
mod diagnostic;
mod disk;
mod load;
mod loader;
mod merge;
pub mod plan;
mod schema;
mod show;
mod source;
pub mod types;
pub mod written;

pub use builtin::{BuiltIn, DEFAULT, builtin_names, builtin_recipe};
pub use corten_document::{KeyPath, Origin, Step, nearest};
pub use diagnostic::{Diagnostic, Problem, Report};
pub use disk::HostLoader;
pub use load::{MAX_DEPTH, Merged, MergedContainer, RecipeKind, recipe_kind};
pub use loader::{FILE_LIMIT, Fetched, LoadError, Loader, RECIPE_LIMIT};
pub use plan::{ContainerPlan, Format, Plan, Selection};
pub use schema::{container_schema_text, schema, schema_text};
pub use source::{Location, Source};
pub use types::{DataPattern, ModulePattern, PROGRAM_FOLDERS, Program};
pub use written::Recipe;
