//! `corten node`: one file a group of subcommands.

mod look;
mod session;

use anyhow::Result;

use crate::arguments::{NodeArguments, NodeCommand};
use crate::exit::Exit;

/// Runs the command.
pub fn node(arguments: &NodeArguments) -> Result<Exit> {
    let options = &arguments.options;
    // One thread: what there is to do is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &arguments.command {
            NodeCommand::Look(command) => look::look(command, options).await,
        }
    })
}
