//! `corten lock`.

use super::{ArchiveOptions, DEFAULT_RECIPE};

/// Writes or updates the lock of a recipe: exact versions and hashes of its packages.
///
/// Without --update, a lock that answers the recipe stays as it is. A build with a lock never resolves anew.
#[derive(clap::Args, Debug)]
pub struct LockArguments {
    /// A built-in recipe, or the path of one or of a container recipe.
    #[arg(default_value = DEFAULT_RECIPE)]
    pub recipe: String,
    /// Take the newest versions: of the packages named, or of all when none is.
    #[arg(long, value_name = "PACKAGE", num_args = 0..)]
    pub update: Option<Vec<String>>,
    /// Where packages come from.
    #[command(flatten)]
    pub archive: ArchiveOptions,
}
