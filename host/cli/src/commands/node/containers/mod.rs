//! Subcommands of `corten node` about workloads, their containers, images and volumes.

mod images;
mod programs;
mod stats;

use anyhow::{Result, bail};
use corten_client::ask;
use corten_client::connection::Connection;
use corten_client::copy::{self, CopyError, Place};
use corten_client::each::each;
use corten_client::tell::{self, Order};
use corten_client::view::Answer;

use super::look::all;
use super::session::{WrongCall, nodes, one, show};
use crate::arguments::{ContainersCommand, NodeOptions, VolumeCommand, WorkloadCommand};
use crate::exit::Exit;

/// Runs the command.
pub async fn containers(command: &ContainersCommand, options: &NodeOptions) -> Result<Exit> {
    match command {
        ContainersCommand::Workloads => all(options, ask::workloads).await,
        ContainersCommand::Containers => all(options, ask::containers).await,
        ContainersCommand::Images => all(options, ask::images).await,
        ContainersCommand::Volumes => all(options, ask::volumes).await,
        ContainersCommand::Workload(command) => workload(command, options).await,
        ContainersCommand::Image(command) => images::image(command, options).await,
        ContainersCommand::Volume(VolumeCommand::Remove { name, yes }) => {
            remove_volume(name, *yes, options).await
        }
        ContainersCommand::Stats { workload, once } => {
            stats::stats(workload.as_deref().unwrap_or_default(), *once, options).await
        }
        ContainersCommand::Exec(arguments) => programs::exec(arguments, options).await,
        ContainersCommand::Debug(arguments) => programs::debug(arguments, options).await,
        ContainersCommand::Cp { from, to } => copy(from, to, options).await,
    }
}

async fn workload(command: &WorkloadCommand, options: &NodeOptions) -> Result<Exit> {
    let (name, order) = match command {
        WorkloadCommand::Inspect { name } => {
            let name = name.clone();
            return all(options, move |connection| ask::workload(connection, name.clone())).await;
        }
        WorkloadCommand::Start { name } => (name.clone(), Order::Start),
        WorkloadCommand::Stop { name } => (name.clone(), Order::Stop),
        WorkloadCommand::Restart { name } => (name.clone(), Order::Restart),
    };
    let tell = move |connection| tell::workload(connection, name.clone(), order);
    show(&each(nodes(options)?, tell).await, options)
}

async fn remove_volume(name: &str, yes: bool, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    if !yes {
        for (node, _) in &nodes {
            anstream::eprintln!("{node} would lose the volume {name} with all that it holds");
        }
        anstream::eprintln!("nothing was changed: add --yes to do it");
        return Ok(Exit::Usage);
    }
    let name = name.to_owned();
    show(&each(nodes, move |connection| tell::remove_volume(connection, name.clone())).await, options)
}

async fn copy(from: &Place, to: &Place, options: &NodeOptions) -> Result<Exit> {
    let (name, node) = match (from, to) {
        (Place::Local(_), Place::Local(_)) => {
            bail!(WrongCall("one side has to be WORKLOAD[/CONTAINER]:/PATH"))
        }
        (Place::Remote(_), Place::Remote(_)) => bail!(WrongCall("one side has to be a path of this machine")),
        _ => one(options)?,
    };
    let connection = Connection::open(&node).await?;
    let copied = match (from, to) {
        (Place::Remote(from), Place::Local(to)) => copy::from_node(&connection, from, to).await,
        (Place::Local(from), Place::Remote(to)) => copy::to_node(&connection, from, to).await,
        // They were told apart before.
        _ => return Ok(Exit::Usage),
    };
    match copied {
        Ok(done) => show(&[Answer { node: name, result: Ok(done) }], options),
        Err(CopyError::Node(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}
