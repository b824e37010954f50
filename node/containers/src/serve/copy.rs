//! Copying files out of a container and into it.

use std::io::{self, Read, Write};
use std::path::Path;

use corten_api::v1;
use corten_api::v1::copy_to_request::Message as In;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::{Answers, WAITING, failed, refuse, running, tree};
use crate::daemon::shell::Shell;

/// Bytes of a piece of an archive.
const PIECE: usize = 64 << 10;

/// Who may `exec` may copy: both are to touch what is in a container.
fn check(shell: &Shell, path: &str) -> Result<(), Status> {
    if !shell.order().containers.interactive.exec {
        let remedy = "set containers.allow-exec = true in the machine configuration";
        return Err(refuse(Code::FailedPrecondition, "the configuration does not allow copying", remedy));
    }
    if !path.starts_with('/') {
        return Err(refuse(Code::InvalidArgument, format!("{path:?} is no absolute path"), ""));
    }
    Ok(())
}

fn of_file(error: &io::Error) -> Status {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory => Code::InvalidArgument,
        _ => Code::FailedPrecondition,
    };
    refuse(code, error.to_string(), "")
}

/// Sends what is written to it in pieces.
struct Pieces {
    sender: mpsc::Sender<Result<v1::CopyChunk, Status>>,
    held: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let data = std::mem::take(&mut self.held);
        if data.is_empty() {
            return Ok(());
        }
        let sent = self.sender.blocking_send(Ok(v1::CopyChunk { data }));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

pub(super) fn copy_from(
    shell: &Shell,
    request: v1::CopyFromRequest,
) -> Result<Answers<v1::CopyChunk>, Status> {
    check(shell, &request.path)?;
    let (_, pid) = running(shell, &request.container)?;
    let (sender, answers) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { sender: sender.clone(), held: Vec::new() };
        let written = tree::archive(pid, Path::new(&request.path), &mut pieces).and_then(|()| pieces.flush());
        if let Err(error) = written {
            let _ = sender.blocking_send(Err(of_file(&error)));
        }
    });
    Ok(Box::pin(ReceiverStream::new(answers)))
}

/// Reads pieces that come.
struct Incoming {
    receiver: mpsc::Receiver<Result<Vec<u8>, Status>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.piece.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            match self.receiver.blocking_recv() {
                Some(Ok(piece)) => self.piece = io::Cursor::new(piece),
                Some(Err(status)) => return Err(io::Error::other(status.message().to_owned())),
                None => return Ok(0),
            }
        }
    }
}

pub(super) async fn copy_to(
    shell: &Shell,
    mut requests: Streaming<v1::CopyToRequest>,
) -> Result<v1::CopyToResponse, Status> {
    let first = requests.next().await.transpose()?.and_then(|request| request.message);
    let Some(In::Start(start)) = first else {
        return Err(refuse(Code::InvalidArgument, "the first message has to say where to copy to", ""));
    };
    check(shell, &start.folder)?;
    let (_, pid) = running(shell, &start.container)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let unpacking = tokio::task::spawn_blocking(move || {
        let incoming = Incoming { receiver, piece: io::Cursor::default() };
        tree::unpack(pid, Path::new(&start.folder), incoming)
    });
    while let Some(request) = requests.next().await {
        let piece = match request {
            Ok(v1::CopyToRequest { message: Some(In::Data(data)) }) => Ok(data),
            Ok(_) => Err(refuse(Code::InvalidArgument, "expected data", "")),
            Err(status) => Err(status),
        };
        // Whoever unpacks says why it takes no more.
        if sender.send(piece).await.is_err() {
            break;
        }
    }
    drop(sender);
    let unpacked = unpacking.await.map_err(failed)?.map_err(|error| of_file(&error))?;
    Ok(v1::CopyToResponse { files: unpacked.files, bytes: unpacked.bytes })
}
