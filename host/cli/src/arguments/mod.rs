//! The command line.

mod archive;
mod build;
mod lock;
mod recipe;
mod run;
mod secure_boot;
mod signing;
mod store;
mod tools;

use clap::{Parser, Subcommand};

pub use archive::ArchiveOptions;
pub use build::{BuildArguments, LockOptions};
pub use lock::LockArguments;
pub use recipe::RecipeCommand;
pub use run::RunArguments;
pub use secure_boot::SecureBootCommand;
pub use signing::SigningOptions;
pub use store::StoreCommand;
pub use tools::ToolsCommand;

/// The recipe that commands take when none is named.
pub const DEFAULT_RECIPE: &str = "container-host";

/// Builds signed, reproducible, bootable OS images from one TOML recipe, and runs them.
#[derive(Parser)]
#[command(version, after_help = crate::exit::CODES, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Builds an image from a recipe.
    Build(BuildArguments),
    /// Boots a recipe or an image in QEMU and says when the node is ready.
    Run(RunArguments),
    /// Shows, checks and lists recipes.
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// Writes or updates the lock of a recipe: exact versions and hashes of its packages.
    Lock(LockArguments),
    /// Makes keys for Secure Boot and tells firmware about them.
    #[command(subcommand)]
    SecureBoot(SecureBootCommand),
    /// Looks after the store: packages, indexes, tools and what builds keep for the next one.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Fetches tools from the archive into the store, without installing them.
    #[command(subcommand)]
    Tools(ToolsCommand),
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}
