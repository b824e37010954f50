//! What the subcommands of `corten node` start and end with: the nodes that are meant, and how answers are printed.

use std::path::PathBuf;

use anyhow::Result;
use corten_client::contexts::{Contexts, Node, NodeName, Wanted, default_path};
use corten_client::terminal;
use corten_client::view::{Answer, Failure, Reach, View, print};

use crate::arguments::NodeOptions;
use crate::exit::Exit;
use crate::output::put;

/// The file of the contexts.
pub fn contexts_path(options: &NodeOptions) -> Result<PathBuf> {
    match &options.contexts {
        Some(path) => Ok(path.clone()),
        None => Ok(default_path(&|name| std::env::var(name).ok())?),
    }
}

/// The contexts.
pub fn contexts(options: &NodeOptions) -> Result<Contexts> {
    Ok(Contexts::load(&contexts_path(options)?)?)
}

/// The nodes that are meant; at least one.
pub fn nodes(options: &NodeOptions) -> Result<Vec<(NodeName, Node)>> {
    Ok(contexts(options)?.choose(options.nodes.as_ref().unwrap_or(&Wanted::Usual))?)
}

/// A command line that asks for something that can't be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongCall(pub &'static str);

/// The node that is meant, for what can be done with one at a time.
pub fn one(options: &NodeOptions) -> Result<(NodeName, Node)> {
    let mut nodes = nodes(options)?;
    match (nodes.pop(), nodes.is_empty()) {
        (Some(node), true) => Ok(node),
        _ => Err(WrongCall("this is for one node at a time: name it with --node").into()),
    }
}

/// Prints answers.
pub fn show<T: View>(answers: &[Answer<T>], options: &NodeOptions) -> Result<Exit> {
    let printed = print(answers, options.output, terminal::width());
    anstream::eprint!("{}", printed.err);
    put(&printed.out)?;
    Ok(exit(printed.reach))
}

/// The exit code for how many nodes did what they were asked for.
pub fn exit(reach: Reach) -> Exit {
    match reach {
        Reach::All => Exit::Done,
        Reach::Some => Exit::SomeNodes,
        Reach::None(Failure::OwnFiles) => Exit::Key,
        Reach::None(Failure::Unreached) => Exit::Unreached,
        Reach::None(Failure::Answered) => Exit::Refused,
    }
}
