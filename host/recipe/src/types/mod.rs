//! Values that cannot be wrong: each is made from text by `FromStr`, which says what was expected.

mod constraint;
mod id;
mod limit;
mod mode;
mod path;
mod pattern;
mod size;
mod text;
mod word;

pub use constraint::Constraint;
pub use id::Id;
pub use limit::{CapabilityName, LimitValue};
pub use mode::Mode;
pub use path::{LinkTarget, TargetPath};
pub use pattern::{DataPattern, Glob, ModulePattern, PROGRAM_FOLDERS, Program};
pub use size::Size;
pub use text::Text;
pub use word::{
    AccountName, Architecture, Component, DirectoryName, EnvironmentName, KernelArgument, PackageName,
    ProgramName, RecipeName, RecipeVersion, Rule, ServiceName, Suite, SysctlKey, Word,
};

/// Why a text is not the value that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct BadValue {
    /// What was expected, in words that follow "expected".
    pub expected: String,
    /// What the writer probably meant.
    pub meant: Option<String>,
}

impl BadValue {
    pub(crate) fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), meant: None }
    }

    pub(crate) fn or(expected: impl Into<String>, meant: impl Into<String>) -> Self {
        Self { expected: expected.into(), meant: Some(meant.into()) }
    }
}
