//! `corten node config`.

use anyhow::Result;
use corten_api::v1::Document;
use corten_client::config::{self, Apply};
use corten_client::contexts::{Node, NodeName};
use corten_client::each::each;
use corten_client::lets_in::locked_out;
use corten_client::view::{Answer, Checked, Output};
use corten_client::{ask, terminal};

use super::session::{exit, nodes, show};
use crate::arguments::{ConfigCommand, NodeOptions, how};
use crate::exit::Exit;
use crate::output::put;

/// Runs the command.
pub async fn config(command: &ConfigCommand, options: &NodeOptions) -> Result<Exit> {
    match command {
        ConfigCommand::Get { origin: false } => {
            show(&each(nodes(options)?, ask::configuration).await, options)
        }
        ConfigCommand::Get { origin: true } => show(&each(nodes(options)?, ask::origins).await, options),
        ConfigCommand::Check { file } => {
            let answers = check(config::read(file)?, nodes(options)?).await;
            let exit = show(&answers, options)?;
            Ok(if is_good(&answers) { exit } else { Exit::Configuration })
        }
        ConfigCommand::Apply { file, when, trial, yes } => {
            apply(config::read(file)?, how(*when, *trial), *yes, options).await
        }
        ConfigCommand::Confirm => show(&each(nodes(options)?, config::confirm).await, options),
        ConfigCommand::History => show(&each(nodes(options)?, ask::history).await, options),
    }
}

async fn check(document: Document, nodes: Vec<(NodeName, Node)>) -> Vec<Answer<Checked>> {
    each(nodes, move |connection| config::check(connection, document.clone())).await
}

/// Whether no node that answered finds something wrong.
fn is_good(answers: &[Answer<Checked>]) -> bool {
    answers.iter().filter_map(|answer| answer.result.as_ref().ok()).all(Checked::is_good)
}

/// First what would change, on every node; then, if it is wanted and nothing is wrong anywhere, the change.
async fn apply(document: Document, how: Apply, yes: bool, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    // What is applied is what was checked, whatever becomes of the file.
    let checked = check(document.clone(), nodes.clone()).await;
    let shown = corten_client::view::print(&checked, options.output, terminal::width());
    anstream::eprint!("{}", shown.err);
    // With --yes standard output is for what was done.
    if yes && options.output == Output::Table {
        anstream::eprint!("{}", shown.out);
    } else if !yes {
        put(&shown.out)?;
    }
    if !is_good(&checked) {
        if yes && options.output != Output::Table {
            put(&shown.out)?;
        }
        return Ok(Exit::Configuration);
    }
    for ((name, node), answer) in nodes.iter().zip(&checked) {
        let answered = answer.result.as_ref().ok();
        if let Some(out) = answered.and_then(|checked| locked_out(checked, &document, node)) {
            anstream::eprintln!("warning: {name}: {out}");
        }
    }
    let reached = exit(shown.reach);
    if reached != Exit::Done {
        anstream::eprintln!("nothing was applied: not every node could be asked");
        return Ok(reached);
    }
    if !yes {
        anstream::eprintln!("nothing was applied: add --yes to do it");
        return Ok(Exit::Usage);
    }
    let apply = move |connection| config::apply(connection, document.clone(), how);
    show(&each(nodes, apply).await, options)
}
