//! Subcommands of `corten node` that look and change nothing.

use clap::Subcommand;

/// Looks at nodes.
#[derive(Subcommand, Debug)]
pub enum LookCommand {
    /// What the node is: its version, how long it has been up, what it uses.
    Info,
}
