//! A program with the standard input and output of this process.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::ops::ControlFlow;

use corten_api::v1;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::oneshot;
use tokio_stream::wrappers::ReceiverStream;

use super::raw::Raw;
use super::session::{Ended, Input, Output, Program, run};
use crate::connection::{Connection, NodeError};
use crate::contexts::Node;

/// Bytes of standard input that are sent at a time, and how many such pieces wait.
const PIECE: usize = 16 << 10;
const WAITING: usize = 4;

/// What becomes of standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// It goes to the program.
    Sent,
    /// The program finds the end of its input at once.
    Closed,
}

/// Why a program could not be run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Terminal or signals of this machine.
    #[error("the terminal: {0}")]
    Terminal(#[source] io::Error),
    /// What it prints can't be written.
    #[error("writing what the program prints: {0}")]
    Output(#[source] io::Error),
}

/// Runs a program on a node until it ends, with the standard input and output of this process. With a terminal at both
/// ends, this one's keys go to the program; it is as before when this returns, however that happens.
pub async fn attached(node: &Node, program: Program, stdin: Stdin) -> Result<Ended, ExecError> {
    let connection = Connection::open(node).await?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let mut signals = Signals::new().map_err(ExecError::Terminal)?;
    let terminal = program.has_terminal();
    let program = if terminal { program.with(as_here) } else { program };
    // From here on nothing leaves without the terminal being put right again.
    let raw = if terminal && stdin == Stdin::Sent && io::stdin().is_terminal() {
        Some(Raw::enter().map_err(ExecError::Terminal)?)
    } else {
        None
    };
    match stdin {
        Stdin::Sent => read_in_thread(sender.clone()),
        // There is room.
        Stdin::Closed => drop(sender.try_send(Input::Ended)),
    }
    let (pieces, written) = write_in_thread();
    let output = async move |piece: Output| match pieces.send(piece).await {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    let ended = tokio::select! {
        ended = run(&connection, program, ReceiverStream::new(receiver), output) => ended,
        number = signals.told_to_end() => return Ok(Ended::Signalled(number)),
        never = resizes(terminal, &sender) => match never {},
    };
    // What is still to be written; a thread that is gone has written all of it.
    let written = written.await.unwrap_or(Ok(()));
    drop(raw);
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(ExecError::Output(error)),
        _ => Ok(ended?),
    }
}

/// What a program can't know of the terminal that it is seen on.
fn as_here(start: &mut v1::ExecStart) {
    if let Ok((columns, rows)) = crossterm::terminal::size() {
        start.size = Some(v1::TerminalSize { columns: columns.into(), rows: rows.into() });
    }
    let named = start.environment.iter().any(|variable| variable.starts_with("TERM="));
    if let Some(kind) = std::env::var("TERM").ok().filter(|kind| !named && !kind.is_empty()) {
        start.environment.push(format!("TERM={kind}"));
    }
}

/// There is no asking for input without waiting, and a thread that waits for it ends with the process.
fn read_in_thread(sender: Sender<Input>) {
    std::thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        loop {
            let input = match io::stdin().lock().read(&mut piece) {
                Ok(0) => Input::Ended,
                Ok(bytes) => Input::Bytes(piece.get(..bytes).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // A terminal that is gone has no more keys.
                Err(_) => Input::Ended,
            };
            let over = input == Input::Ended;
            if sender.blocking_send(input).is_err() || over {
                break;
            }
        }
    });
}

/// Tells the program each new size of the terminal, for as long as it is polled.
async fn resizes(terminal: bool, sender: &Sender<Input>) -> Infallible {
    let changes = signal(SignalKind::window_change()).ok().filter(|_| terminal);
    let Some(mut changes) = changes else { return std::future::pending().await };
    while changes.recv().await.is_some() {
        if let Ok((columns, rows)) = crossterm::terminal::size() {
            // Nobody listens any more once it has ended.
            let _ = sender.send(Input::Resized(columns, rows)).await;
        }
    }
    std::future::pending().await
}

/// Writes in a thread of its own: whoever reads may take a long time, in which the node is still to be answered. Returns
/// where pieces go, and how it went once there are no more.
fn write_in_thread() -> (Sender<Output>, oneshot::Receiver<io::Result<()>>) {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let (done, written) = oneshot::channel();
    std::thread::spawn(move || {
        let mut result = Ok(());
        while let (Ok(()), Some(piece)) = (&result, receiver.blocking_recv()) {
            result = write(&piece);
        }
        // From now on nobody waits for room.
        drop(receiver);
        let _ = done.send(result);
    });
    (sender, written)
}

fn write(piece: &Output) -> io::Result<()> {
    // As the program prints it: what is for a terminal to interpret is meant so.
    match piece {
        Output::Out(bytes) => {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()
        }
        Output::Err(bytes) => io::stderr().lock().write_all(bytes),
    }
}

/// Signals that end this process: the terminal has to be put right before.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, hang_up: signal(SignalKind::hangup())? })
    }

    /// Waits for one, and returns its number.
    async fn told_to_end(&mut self) -> u8 {
        let kind = tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hang_up.recv() => SignalKind::hangup(),
        };
        u8::try_from(kind.as_raw_value()).unwrap_or_default()
    }
}
