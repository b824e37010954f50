//! `corten node`: one file a group of subcommands.

mod change;
mod config;
mod containers;
mod follow;
mod known;
mod look;
mod session;

use anyhow::Result;
use corten_client::dashboard;

use crate::arguments::{NodeArguments, NodeCommand};
use crate::exit::Exit;

pub use session::WrongCall;

/// Runs the command.
pub fn node(arguments: &NodeArguments) -> Result<Exit> {
    let options = &arguments.options;
    // One thread: what there is to do is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &arguments.command {
            NodeCommand::Look(command) => look::look(command, options).await,
            NodeCommand::Follow(command) => follow::follow(command, options).await,
            NodeCommand::Change(command) => change::change(command, options).await,
            NodeCommand::Containers(command) => containers::containers(command, options).await,
            NodeCommand::Config(command) => config::config(command, options).await,
            NodeCommand::Known(command) => known::known(command, options).await,
            NodeCommand::Dashboard => {
                dashboard::run(session::nodes(options)?).await?;
                Ok(Exit::Done)
            }
        }
    })
}
