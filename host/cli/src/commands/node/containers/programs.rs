//! `corten node exec` and `corten node debug`.

use anyhow::Result;
use corten_api::v1::ExecStart;
use corten_client::exec::{Ended, ExecError, Program, Stdin, attached};

use crate::arguments::{DebugArguments, ExecArguments, NodeOptions, ProgramArguments};
use crate::commands::node::session::one;
use crate::exit::Exit;

/// Runs `corten node exec`.
pub async fn exec(arguments: &ExecArguments, options: &NodeOptions) -> Result<Exit> {
    let start = start(&arguments.program, &arguments.container, &arguments.command);
    run(Program::Exec(start), &arguments.program, options).await
}

/// Runs `corten node debug`.
pub async fn debug(arguments: &DebugArguments, options: &NodeOptions) -> Result<Exit> {
    let exec = start(&arguments.program, &arguments.container, &arguments.command);
    run(Program::Debug { exec, image: arguments.image.clone() }, &arguments.program, options).await
}

fn start(program: &ProgramArguments, container: &str, command: &[String]) -> ExecStart {
    ExecStart {
        container: container.to_owned(),
        command: command.to_vec(),
        terminal: program.terminal,
        size: None,
        environment: program.environment.clone(),
        user: program.user.clone().unwrap_or_default(),
        working_directory: program.workdir.clone().unwrap_or_default(),
    }
}

async fn run(program: Program, arguments: &ProgramArguments, options: &NodeOptions) -> Result<Exit> {
    let (_, node) = one(options)?;
    let stdin = if arguments.interactive { Stdin::Sent } else { Stdin::Closed };
    match attached(&node, program, stdin).await {
        Ok(Ended::Exited(code)) => Ok(Exit::Program(u8::try_from(code).unwrap_or(u8::MAX))),
        Ok(Ended::Signalled(number)) => Ok(Exit::Program(number.saturating_add(128))),
        // As with everything else that is printed, a reader that has seen enough is no failure.
        Ok(Ended::Left) => Ok(Exit::Done),
        Err(ExecError::Node(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}
