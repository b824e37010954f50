//! `corten recipe`.

use super::{ArchiveOptions, DEFAULT_RECIPE};

/// Shows, checks and lists recipes.
#[derive(clap::Subcommand, Debug)]
pub enum RecipeCommand {
    /// Prints the merged recipe as TOML, and what the builder makes in place of maintainer scripts.
    Show {
        /// A built-in recipe, or the path of one or of a container recipe.
        #[arg(default_value = DEFAULT_RECIPE)]
        recipe: String,
    },
    /// Checks a recipe against the archive without building: programs, files, modules, maintainer scripts.
    ///
    /// Its container images are opened first. Packages are those of the lock, or what a build would lock now; nothing is
    /// written, no lock either.
    Check {
        /// A built-in recipe, or the path of one or of a container recipe.
        #[arg(default_value = DEFAULT_RECIPE)]
        recipe: String,
        /// Check the recipe and its container images alone, without the archive.
        #[arg(long)]
        alone: bool,
        /// Where packages come from.
        #[command(flatten)]
        archive: ArchiveOptions,
    },
    /// Prints the JSON Schema of recipes, for editors.
    Schema {
        /// The one of container recipes.
        #[arg(long)]
        container: bool,
    },
    /// Lists the built-in recipes.
    List,
}
