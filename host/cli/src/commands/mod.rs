//! One file a subcommand.

mod build;
mod config;
mod keys;
mod lock;
mod man;
mod node;
mod oci;
mod recipe;
mod run;
mod secure_boot;
mod store;
mod tools;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use corten_image::NodePrograms;

use crate::arguments::{Arguments, Command};
use crate::exit::Exit;
use crate::output::put;

pub use node::WrongCall;
pub use oci::NoChoice;

/// Runs the command that was asked for, with these programs for the images that it builds.
pub fn run(arguments: Arguments, programs: NodePrograms) -> Result<Exit> {
    match arguments.command {
        Command::Build(arguments) => build::build(&arguments, programs),
        Command::Run(arguments) => run::run(&arguments, programs),
        Command::Recipe(command) => recipe::recipe(&command),
        Command::Lock(arguments) => lock::lock(&arguments),
        Command::Config(command) => config::config(&command),
        Command::Node(arguments) => node::node(&arguments),
        Command::Oci(command) => oci::oci(&command),
        Command::Keys(command) => keys::keys(&command),
        Command::SecureBoot(command) => secure_boot::secure_boot(&command),
        Command::Store(command) => store::store(&command),
        Command::Tools(command) => tools::tools(&command),
        Command::Completions { shell } => {
            // Its own writing to standard output would panic when nobody reads that to the end.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "corten", &mut script);
            put(&String::from_utf8(script).context("completions that are no text")?)?;
            Ok(Exit::Done)
        }
        Command::Man { folder } => man::man(&folder),
    }
}
