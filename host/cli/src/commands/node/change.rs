//! Subcommands of `corten node` that change what a node does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use corten_client::each::{each, each_node};
use corten_client::tell::{self, Afterwards, Reset};
use corten_client::{support, wait};

use super::session::{nodes, show};
use crate::arguments::{ChangeCommand, NodeOptions};
use crate::exit::Exit;

/// Runs the command.
pub async fn change(command: &ChangeCommand, options: &NodeOptions) -> Result<Exit> {
    match command {
        ChangeCommand::Restart { service } => {
            let service = service.clone();
            let restart = move |connection| tell::restart(connection, service.clone());
            show(&each(nodes(options)?, restart).await, options)
        }
        ChangeCommand::Reboot { wait: false, .. } => {
            show(&each(nodes(options)?, tell::reboot).await, options)
        }
        ChangeCommand::Reboot { wait: true, timeout } => reboot(*timeout, options).await,
        ChangeCommand::Poweroff => show(&each(nodes(options)?, tell::power_off).await, options),
        ChangeCommand::Reset { partition, power_off, yes } => {
            let what: Vec<Reset> = partition.iter().map(|partition| partition.reset()).collect();
            let afterwards = if *power_off { Afterwards::StayOff } else { Afterwards::Start };
            reset(what, afterwards, *yes, options).await
        }
        ChangeCommand::Support { output } => collect(output.as_deref(), options).await,
    }
}

async fn reboot(limit: Duration, options: &NodeOptions) -> Result<Exit> {
    let answers = each_node(nodes(options)?, move |node| wait::reboot(node, limit)).await;
    let late = answers.iter().any(|answer| matches!(&answer.result, Err(error) if error.is_late()));
    let exit = show(&answers, options)?;
    Ok(if late && exit != Exit::SomeNodes { Exit::NotReady } else { exit })
}

async fn reset(what: Vec<Reset>, afterwards: Afterwards, yes: bool, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    if !yes {
        for (name, node) in &nodes {
            anstream::eprintln!("{name} ({}) would lose", node.address);
            for what in &what {
                anstream::eprintln!("  {}", what.loses());
            }
        }
        anstream::eprintln!("nothing was changed: add --yes to do it");
        return Ok(Exit::Usage);
    }
    let reset = move |connection| tell::reset(connection, what.clone(), afterwards);
    show(&each(nodes, reset).await, options)
}

/// One after the other: archives are large, and a person waits for files, not for answers side by side.
async fn collect(output: Option<&Path>, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    let several = nodes.len() > 1;
    if let (true, Some(folder)) = (several, output) {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let place = |name: &str| match output {
        Some(folder) if several => folder.join(name),
        Some(file) => file.to_owned(),
        None => PathBuf::from(name),
    };
    let mut answers = Vec::new();
    for (name, node) in nodes {
        let path = place(&format!("{name}-support.tar.gz"));
        answers.push(support::collect(name, &node, &path).await?);
    }
    show(&answers, options)
}
