//! Subcommands of `corten node` that look and change nothing.

use std::future::Future;

use anyhow::Result;
use corten_client::connection::{Connection, NodeError};
use corten_client::each::{each, each_node};
use corten_client::view::{Verdict, View};
use corten_client::{ask, wait};

use super::session::{nodes, show};
use crate::arguments::{LookCommand, NodeOptions};
use crate::exit::Exit;

/// Runs the command.
pub async fn look(command: &LookCommand, options: &NodeOptions) -> Result<Exit> {
    match command {
        LookCommand::Info => all(options, ask::info).await,
        LookCommand::Health { wait, timeout } => {
            let limit = wait.then_some(*timeout).unwrap_or_default();
            let health = each_node(nodes(options)?, move |node| wait::healthy(node, limit)).await;
            let exit = show(&health, options)?;
            let mut good = health.iter().filter_map(|answer| answer.result.as_ref().ok());
            let healthy = good.all(|health| health.verdict() == Verdict::Healthy);
            Ok(if exit == Exit::Done && !healthy { Exit::NotReady } else { exit })
        }
        LookCommand::Services { name: None } => all(options, ask::services).await,
        LookCommand::Services { name: Some(name) } => {
            let name = name.clone();
            all(options, move |connection| ask::service(connection, name.clone())).await
        }
        LookCommand::Processes => all(options, ask::processes).await,
        LookCommand::Disks => all(options, ask::disks).await,
        LookCommand::Mounts => all(options, ask::mounts).await,
        LookCommand::Links => all(options, ask::links).await,
        LookCommand::Addresses => all(options, ask::addresses).await,
        LookCommand::Routes => all(options, ask::routes).await,
        LookCommand::Sockets => all(options, ask::sockets).await,
        LookCommand::Metrics => all(options, ask::metrics).await,
        LookCommand::Timeline => all(options, ask::timeline).await,
        LookCommand::Audit { tail } => {
            let tail = *tail;
            all(options, move |connection| ask::audit(connection, tail)).await
        }
    }
}

/// Asks all nodes that are meant, and shows what they answer.
pub async fn all<T, F, A>(options: &NodeOptions, ask: F) -> Result<Exit>
where
    T: View + Send + 'static,
    F: Fn(Connection) -> A + Clone + Send + 'static,
    A: Future<Output = Result<T, NodeError>> + Send,
{
    show(&each(nodes(options)?, ask).await, options)
}
