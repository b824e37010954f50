//! What the subcommands of `corten node` start and end with: the nodes that are meant, and how answers are printed.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::Result;
use corten_client::contexts::{Contexts, Node, NodeName, Wanted, default_path};
use corten_client::view::{Answer, Failure, Printed, Reach, View, Width, print};

use crate::arguments::NodeOptions;
use crate::exit::Exit;

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

/// How wide a line may be: as the terminal, if there is one.
pub fn width() -> Width {
    let terminal = std::io::stdout().is_terminal();
    match crossterm::terminal::size() {
        Ok((columns, _)) if terminal && columns > 0 => Width::Letters(usize::from(columns)),
        _ => Width::Unlimited,
    }
}

/// Prints answers.
pub fn show<T: View>(answers: &[Answer<T>], options: &NodeOptions) -> Result<Exit> {
    tell(&print(answers, options.output, width()))
}

/// Prints what is to be printed.
pub fn tell(printed: &Printed) -> Result<Exit> {
    anstream::eprint!("{}", printed.err);
    put(&printed.out)?;
    Ok(exit(printed.reach))
}

/// Writes to standard output. A reader that has seen enough is no failure.
pub fn put(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The exit code for how many nodes did what they were asked for.
pub fn exit(reach: Reach) -> Exit {
    match reach {
        Reach::All => Exit::Done,
        Reach::Some => Exit::SomeNodes,
        Reach::None(Failure::Unreached) => Exit::Unreached,
        Reach::None(Failure::Answered) => Exit::Refused,
    }
}
