//! The streams of a program that somebody runs in a container: FIFOs that nobody keeps a log of.
//!
//! What is not read waits in the FIFOs, and the program with it. The end of its input is seen when [`ExecInput`] was
//! dropped *and* containerd was told so (`CloseIO`), since the shim holds the FIFO open as well.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::oneshot;

use super::line::Stream;
use super::{LogError, fifo};

/// Bytes that are read together.
const PORTION: usize = 32 << 10;

/// Where the errors of a program go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// To a stream of their own.
    Apart,
    /// To its output: with a terminal there is one stream.
    WithOutput,
}

/// Paths for containerd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecPaths {
    /// Where the program reads.
    pub stdin: String,
    /// Where it prints.
    pub stdout: String,
    /// Where it prints errors; empty if they go to its output.
    pub stderr: String,
}

/// The streams of one program.
#[derive(Debug)]
pub struct Exec {
    /// Paths for containerd.
    pub paths: ExecPaths,
    /// What the program reads.
    pub input: ExecInput,
    /// What it prints.
    pub output: ExecOutput,
    /// Says that it is over.
    pub over: ExecOver,
}

/// What a program reads. An `AsyncWrite`; dropping it ends the input as far as this program is concerned.
pub type ExecInput = Sender;

/// Says that a program is over, once containerd deleted its process and so has copied all that it printed. Dropping it
/// says the same.
#[derive(Debug)]
pub struct ExecOver(#[expect(dead_code, reason = "dropping it is what is heard")] oneshot::Sender<()>);

/// What a program prints. Its FIFOs are removed when it is dropped.
#[derive(Debug)]
pub struct ExecOutput {
    stdout: Receiver,
    stderr: Option<Receiver>,
    over: Option<oneshot::Receiver<()>>,
    folder: PathBuf,
}

impl Exec {
    /// Makes FIFOs in a folder of their own.
    pub(super) fn new(folder: PathBuf, errors: Errors) -> Result<Self, LogError> {
        let path = |name| folder.join(name);
        let input = fifo::writer(&path("stdin"))?;
        let stdout = fifo::reader(&path("stdout"))?;
        let stderr = match errors {
            Errors::Apart => Some(fifo::reader(&path("stderr"))?),
            Errors::WithOutput => None,
        };
        let text = |name| path(name).to_string_lossy().into_owned();
        let paths = ExecPaths {
            stdin: text("stdin"),
            stdout: text("stdout"),
            stderr: if stderr.is_some() { text("stderr") } else { String::new() },
        };
        let (over, heard) = oneshot::channel();
        let output = ExecOutput { stdout, stderr, over: Some(heard), folder };
        Ok(Self { paths, input, output, over: ExecOver(over) })
    }
}

impl ExecOutput {
    /// The next portion. `None` when the program is over and all of it was read.
    pub async fn next(&mut self) -> Option<io::Result<(Stream, Vec<u8>)>> {
        loop {
            match self.read() {
                Ok(Some(portion)) => return Some(Ok(portion)),
                Ok(None) if self.over.is_none() => return None,
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
            let over = async {
                if let Some(over) = &mut self.over {
                    let _ = over.await;
                }
            };
            let stderr = async {
                match &self.stderr {
                    Some(stderr) => stderr.readable().await,
                    None => std::future::pending().await,
                }
            };
            // Whatever it was, what is there is read next; what failed fails again then.
            tokio::select! {
                () = over => self.over = None,
                _ = self.stdout.readable() => {}
                _ = stderr => {}
            }
        }
    }

    fn read(&mut self) -> io::Result<Option<(Stream, Vec<u8>)>> {
        let streams = [(Stream::Stdout, Some(&self.stdout)), (Stream::Stderr, self.stderr.as_ref())];
        let mut buffer = vec![0; PORTION];
        let read = if self.over.is_some() { Receiver::try_read } else { fifo::read_now };
        for (stream, receiver) in streams {
            match receiver.map(|receiver| read(receiver, &mut buffer)) {
                None | Some(Ok(0)) => {}
                Some(Ok(length)) => {
                    buffer.truncate(length);
                    return Ok(Some((stream, buffer)));
                }
                Some(Err(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl Drop for ExecOutput {
    fn drop(&mut self) {
        fifo::remove(&self.folder);
    }
}
