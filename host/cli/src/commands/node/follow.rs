//! Subcommands of `corten node` that print lines as they come.

use std::ops::ControlFlow;

use anyhow::Result;
use corten_client::contexts::NodeName;
use corten_client::follow::{self, Backlog, End, LogQuery, Source};
use corten_client::terminal;
use corten_client::view::{Line, Output, complaint, entry, line, reach};

use super::session::{exit, nodes};
use crate::arguments::{FollowCommand, Lines, NodeOptions};
use crate::exit::Exit;
use crate::output::put;

/// Runs the command.
pub async fn follow(command: &FollowCommand, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    let several = nodes.len() > 1;
    let query = |source: Source, Lines { follow, tail, since }| {
        let end = if follow { End::Follow } else { End::Stop };
        LogQuery { source, end, tail, since }
    };
    let answers = match command {
        FollowCommand::Logs { source, workload, lines } => {
            let query = query(whose(source.as_deref(), *workload), *lines);
            follow::logs(nodes, query, |node, line| show(node, line, several, options)).await
        }
        FollowCommand::Dmesg { lines } => {
            let query = query(Source::Named("kernel".into()), *lines);
            follow::logs(nodes, query, |node, line| show(node, line, several, options)).await
        }
        FollowCommand::Events { backlog } => {
            let backlog = if *backlog { Backlog::Kept } else { Backlog::Ignored };
            follow::events(nodes, backlog, |node, event| show(node, event, several, options)).await
        }
    };
    for answer in &answers {
        if let Err(error) = &answer.result {
            anstream::eprint!("{}", complaint(&answer.node, error));
        }
    }
    Ok(exit(reach(&answers)))
}

fn whose(name: Option<&str>, workload: bool) -> Source {
    match name {
        None => Source::Node,
        Some(name) if workload => Source::Workload(name.to_owned()),
        Some(name) => Source::Named(name.to_owned()),
    }
}

/// Prints one line. The rest is of no interest once nobody reads any more.
fn show(node: &NodeName, item: &impl Line, several: bool, options: &NodeOptions) -> ControlFlow<()> {
    let text = match options.output {
        Output::Table => line(several.then(|| node.as_str()), item, terminal::width()),
        form => entry(node, item, form),
    };
    match put(&text) {
        Ok(true) => ControlFlow::Continue(()),
        Ok(false) | Err(_) => ControlFlow::Break(()),
    }
}
