//! The command line.

mod archive;
mod build;
mod config;
mod keys;
mod lock;
mod node;
mod oci;
mod recipe;
mod run;
mod secure_boot;
mod signing;
mod store;
mod tools;

use std::str::FromStr;

use clap::{Parser, Subcommand};
use corten_config::BadValue;

pub use archive::ArchiveOptions;
pub use build::{BuildArguments, LockOptions};
pub use config::MachineConfigCommand;
pub use keys::KeysCommand;
pub use lock::LockArguments;
pub use node::{
    ChangeCommand, ConfigCommand, ContainersCommand, DebugArguments, ExecArguments, FollowCommand,
    ImageCommand, KnownCommand, Lines, LookCommand, NodeArguments, NodeCommand, NodeOptions, OwnerArguments,
    PairArguments, ProgramArguments, VolumeCommand, WorkloadCommand, how,
};
pub use oci::{
    CopyArguments, FileOptions, Form, InspectArguments, Method, OciCommand, PackArguments, RunOptions,
};
pub use recipe::RecipeCommand;
pub use run::RunArguments;
pub use secure_boot::SecureBootCommand;
pub use signing::SigningOptions;
pub use store::StoreCommand;
pub use tools::ToolsCommand;

/// A value of the form that documents ask for, with their words where it has another one.
fn value<T: FromStr<Err = BadValue>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|bad: BadValue| match bad.meant {
        Some(meant) => format!("expected {}; did you mean `{meant}`?", bad.expected),
        None => format!("expected {}", bad.expected),
    })
}

/// The recipe that commands take when none is named.
pub const DEFAULT_RECIPE: &str = "container-host";

/// Builds signed, reproducible, bootable OS images from one TOML recipe, and runs them.
#[derive(Parser)]
#[command(name = "corten", version, after_help = crate::exit::CODES, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. What each is for stands at its arguments: a word here would be shown in place of all of that.
#[derive(Subcommand)]
pub enum Command {
    Build(BuildArguments),
    Run(RunArguments),
    #[command(subcommand)]
    Recipe(RecipeCommand),
    Lock(LockArguments),
    #[command(subcommand)]
    Config(MachineConfigCommand),
    Node(NodeArguments),
    #[command(subcommand)]
    Oci(OciCommand),
    #[command(subcommand)]
    Keys(KeysCommand),
    #[command(subcommand)]
    SecureBoot(SecureBootCommand),
    #[command(subcommand)]
    Store(StoreCommand),
    #[command(subcommand)]
    Tools(ToolsCommand),
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Writes a manual page for each command into a folder.
    Man {
        /// The folder. It is made if it is not there.
        folder: std::path::PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn help_tells_all_of_what_a_command_is_for() {
        let mut command = Arguments::command();
        for (name, text) in [
            ("build", "no script of theirs"),
            ("run", "until the next run of the image"),
            ("lock", "never resolves"),
        ] {
            let help = command.find_subcommand_mut(name).expect("it is there").render_long_help().to_string();
            let words: Vec<_> = help.split_whitespace().collect();
            assert!(words.join(" ").contains(text), "{help}");
        }
    }
}
