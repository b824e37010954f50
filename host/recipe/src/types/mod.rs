//! Values that cannot be wrong: each is made from text by `FromStr`, which says what was expected.

mod constraint;
mod container;
mod id;
mod image;
mod limit;
mod mode;
mod path;
mod pattern;
mod size;
mod word;

pub use corten_document::{BadValue, Rule, SysctlKey, Text, Word};

pub use constraint::Constraint;
pub use container::{Account, ContainerUser, ExposedPort, SignalName};
pub use id::Id;
pub use image::{ImageDigest, ImageName};
pub use limit::{CapabilityName, LimitValue, StartupWeightValue};
pub use mode::Mode;
pub use path::{LinkTarget, TargetPath};
pub use pattern::{DataPattern, Glob, ModulePattern, PROGRAM_FOLDERS, Program};
pub use size::Size;
pub use word::{
    AccountName, Architecture, Component, DirectoryName, EnvironmentName, KernelArgument, LabelName,
    PackageName, ProgramName, RecipeName, RecipeVersion, RepositoryName, ServiceName, Suite, Tag,
};
