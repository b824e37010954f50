//! Subcommands of `corten node` that look and change nothing.

use anyhow::Result;
use corten_client::ask;
use corten_client::each::each;

use super::session::{nodes, show};
use crate::arguments::{LookCommand, NodeOptions};
use crate::exit::Exit;

/// Runs the command.
pub async fn look(command: &LookCommand, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    match command {
        LookCommand::Info => show(&each(nodes, ask::info).await, options),
    }
}
