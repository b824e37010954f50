//! `corten node image`.

use anyhow::{Context as _, Result};
use corten_client::connection::Connection;
use corten_client::each::{each, each_node};
use corten_client::images::{self, ImageError};
use corten_client::view::Answer;

use super::super::session::{nodes, show};
use crate::arguments::{ImageCommand, NodeOptions};
use crate::exit::Exit;
use crate::transfers::Transfers;

/// Runs the command.
pub async fn image(command: &ImageCommand, options: &NodeOptions) -> Result<Exit> {
    match command {
        ImageCommand::Pull { name } => pull(name, options).await,
        ImageCommand::Import { file, names } => {
            // A file that is not there is told before a node is asked.
            std::fs::File::open(file).with_context(|| file.display().to_string())?;
            let transfers = Transfers::new();
            let mut answers = Vec::new();
            // One after the other: it is this machine's connection that they share.
            for (name, node) in nodes(options)? {
                let bar = transfers.bar(name.as_str());
                let told = {
                    let bar = bar.clone();
                    move |progress| bar.tell(progress)
                };
                let result = match Connection::open(&node).await {
                    Err(error) => Err(error),
                    Ok(connection) => match images::import(&connection, file, names, told).await {
                        Ok(got) => Ok(got),
                        Err(ImageError::Node(error)) => Err(error),
                        Err(error) => return Err(error.into()),
                    },
                };
                bar.end();
                answers.push(Answer { node: name, result });
            }
            show(&answers, options)
        }
        ImageCommand::Remove { name } => {
            let name = name.clone();
            let remove = move |connection| images::remove(connection, name.clone());
            show(&each(nodes(options)?, remove).await, options)
        }
    }
}

async fn pull(name: &str, options: &NodeOptions) -> Result<Exit> {
    let transfers = Transfers::new();
    let name = name.to_owned();
    let pull = move |node: corten_client::contexts::Node| {
        let (name, bar) = (name.clone(), transfers.bar(&node.address.to_string()));
        async move {
            let connection = Connection::open(&node).await?;
            let got = images::pull(&connection, &name, |progress| bar.tell(progress)).await;
            bar.end();
            got
        }
    };
    show(&each_node(nodes(options)?, pull).await, options)
}
