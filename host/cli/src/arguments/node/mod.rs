//! `corten node`.

mod change;
mod config;
mod containers;
mod follow;
mod known;
mod look;
mod times;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use corten_client::contexts::Wanted;
use corten_client::view::Output;

pub use change::ChangeCommand;
pub use config::{ConfigCommand, how};
pub use containers::{
    ContainersCommand, DebugArguments, ExecArguments, ImageCommand, ProgramArguments, VolumeCommand,
    WorkloadCommand,
};
pub use follow::{FollowCommand, Lines};
pub use known::{KnownCommand, OwnerArguments, PairArguments};
pub use look::LookCommand;

/// Asks nodes how they are, and tells them what to do.
///
/// A node is named by its context, which says where it is, how it is recognised and who you are there. `corten run`
/// adds one for the node that it boots; `corten node pair` one for a node without configuration; `corten node add`
/// one for any other. They are in contexts.toml below ~/.config/corten.
///
/// Several nodes are asked at the same time. Their answers stand side by side below a column NODE; who did not
/// answer is told on standard error, with exit code 13 if others did.
#[derive(Args, Debug)]
pub struct NodeArguments {
    /// Which nodes, and how answers are shown.
    #[command(flatten)]
    pub options: NodeOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: NodeCommand,
}

/// Which nodes, and how their answers are shown.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which nodes, and how answers are shown")]
pub struct NodeOptions {
    /// Names of contexts, separated by commas, or `all`. Without it the current one is meant (`corten node use`),
    /// else the only one.
    #[arg(short = 'n', long = "node", value_name = "NODE,...", global = true)]
    pub nodes: Option<Wanted>,
    /// How answers are shown: table, json or yaml. JSON and YAML are a list of {node, result} or {node, error}.
    #[arg(short = 'o', long = "format", value_name = "FORM", default_value = "table", global = true)]
    pub output: Output,
    /// The file of the contexts, in place of the usual one.
    #[arg(long, value_name = "FILE", global = true)]
    pub contexts: Option<PathBuf>,
}

/// The commands, by group.
#[derive(Subcommand, Debug)]
pub enum NodeCommand {
    #[command(flatten)]
    Look(LookCommand),
    #[command(flatten)]
    Follow(FollowCommand),
    #[command(flatten)]
    Change(ChangeCommand),
    #[command(flatten)]
    Containers(ContainersCommand),
    #[command(subcommand)]
    Config(ConfigCommand),
    #[command(flatten)]
    Known(KnownCommand),
    /// Shows a node on a page that stays up to date: load, services, links, containers, log.
    ///
    /// The keys stand at the bottom of the page. A node that goes away is connected to again once it is back.
    Dashboard,
}

#[cfg(test)]
mod tests;
