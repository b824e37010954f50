//! What goes to a program and what comes from it, whatever is at this end.

use std::ops::ControlFlow;
use std::time::Duration;

use corten_api::v1;
use corten_api::v1::debug_request::Message as ToDebug;
use corten_api::v1::exec_request::Message as ToExec;
use corten_api::v1::exec_response::Message as Said;
use tokio_stream::{Stream, StreamExt as _};

use crate::connection::{Connection, NodeError};

/// Time that a node has to end the call of a program that has ended.
const END_WITHIN: Duration = Duration::from_secs(1);

/// What is run.
#[derive(Clone, Debug, PartialEq)]
pub enum Program {
    /// A program of the container.
    Exec(v1::ExecStart),
    /// A program of another image, in the container's namespaces.
    Debug {
        /// The program; the image's own where it names none.
        exec: v1::ExecStart,
        /// The image.
        image: String,
    },
}

impl Program {
    /// Whether it has a terminal.
    pub fn has_terminal(&self) -> bool {
        self.start().terminal
    }

    fn start(&self) -> &v1::ExecStart {
        match self {
            Self::Exec(start) | Self::Debug { exec: start, .. } => start,
        }
    }

    /// The same, with what it says of its start changed.
    #[must_use]
    pub(super) fn with(self, change: impl FnOnce(&mut v1::ExecStart)) -> Self {
        match self {
            Self::Exec(mut start) => {
                change(&mut start);
                Self::Exec(start)
            }
            Self::Debug { mut exec, image } => {
                change(&mut exec);
                Self::Debug { exec, image }
            }
        }
    }
}

/// What goes to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Bytes for its standard input.
    Bytes(Vec<u8>),
    /// There are no more.
    Ended,
    /// The terminal has so many columns and rows now.
    Resized(u16, u16),
}

/// What comes from a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Of its standard output, or its terminal.
    Out(Vec<u8>),
    /// Of its standard error.
    Err(Vec<u8>),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself: its exit code, or 128 and the number of the signal that ended it.
    Exited(u32),
    /// Nobody took its output any more.
    Left,
    /// This process was told to end by a signal.
    Signalled(u8),
}

/// Runs a program until it has ended, or until `output` has seen enough.
pub async fn run(
    connection: &Connection,
    program: Program,
    input: impl Stream<Item = Input> + Send + 'static,
    mut output: impl AsyncFnMut(Output) -> ControlFlow<()>,
) -> Result<Ended, NodeError> {
    let mut client = connection.workloads();
    // An image may have to be fetched first, so there is no limit to how long it takes.
    let mut said = match program {
        Program::Exec(start) => {
            let first = v1::ExecRequest { message: Some(ToExec::Start(start)) };
            let rest = input.map(|input| v1::ExecRequest { message: Some(to_exec(input)) });
            connection.wait(client.exec(tokio_stream::once(first).chain(rest))).await?
        }
        Program::Debug { exec, image } => {
            let start = v1::DebugStart { exec: Some(exec), image };
            let first = v1::DebugRequest { message: Some(ToDebug::Start(start)) };
            let rest = input.map(|input| v1::DebugRequest { message: Some(to_debug(input)) });
            connection.wait(client.debug(tokio_stream::once(first).chain(rest))).await?
        }
    };
    while let Some(message) = said.message().await.map_err(|status| connection.explain(&status))? {
        let piece = match message.message {
            Some(Said::Output(bytes)) => Output::Out(bytes),
            Some(Said::ErrorOutput(bytes)) => Output::Err(bytes),
            Some(Said::Ended(v1::ExecEnd { exit_code })) => {
                // The node writes the end down before it ends the call; a moment is enough for that.
                let _ = tokio::time::timeout(END_WITHIN, said.message()).await;
                return Ok(Ended::Exited(exit_code));
            }
            None => continue,
        };
        if output(piece).await.is_break() {
            return Ok(Ended::Left);
        }
    }
    Err(NodeError::Lost("the node did not say how the program ended".into()))
}

fn size(columns: u16, rows: u16) -> v1::TerminalSize {
    v1::TerminalSize { columns: columns.into(), rows: rows.into() }
}

fn to_exec(input: Input) -> ToExec {
    match input {
        Input::Bytes(bytes) => ToExec::Input(bytes),
        Input::Ended => ToExec::InputEnded(true),
        Input::Resized(columns, rows) => ToExec::Resized(size(columns, rows)),
    }
}

fn to_debug(input: Input) -> ToDebug {
    match input {
        Input::Bytes(bytes) => ToDebug::Input(bytes),
        Input::Ended => ToDebug::InputEnded(true),
        Input::Resized(columns, rows) => ToDebug::Resized(size(columns, rows)),
    }
}
