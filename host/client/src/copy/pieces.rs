//! Pieces of an archive between the connection and a thread that reads or writes them as a stream of bytes.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use corten_oci::tar::Input;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;
use tokio_stream::Stream;

/// Bytes of a piece, and how many wait.
pub const PIECE: usize = 32 << 10;
pub const WAITING: usize = 4;

/// Reads what the connection brings.
pub struct Pieces {
    receiver: Receiver<io::Result<Vec<u8>>>,
    now: io::Cursor<Vec<u8>>,
}

impl Pieces {
    /// Reads from this side of a channel.
    pub fn new(receiver: Receiver<io::Result<Vec<u8>>>) -> Self {
        Self { receiver, now: io::Cursor::default() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.now.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.receiver.blocking_recv() {
                Some(piece) => self.now = io::Cursor::new(piece?),
                None => return Ok(0),
            }
        }
    }
}

impl Input for Pieces {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        io::copy(&mut self.take(count), &mut io::sink())
    }
}

/// Gathers pieces for the connection.
pub struct Gather {
    sender: Sender<Vec<u8>>,
    now: Vec<u8>,
}

impl Gather {
    /// Sends to this side of a channel.
    pub fn new(sender: Sender<Vec<u8>>) -> Self {
        Self { sender, now: Vec::with_capacity(PIECE) }
    }
}

impl Write for Gather {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE - self.now.len();
        let (bytes, _) = bytes.split_at(bytes.len().min(room));
        self.now.extend_from_slice(bytes);
        let taken = bytes.len();
        if self.now.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.now.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.now, Vec::with_capacity(PIECE));
        self.sender.blocking_send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The pieces that are gathered, for a request. They end when all of them are known to be there: the end of a request
/// says that it is whole, so one that comes to nothing has no end, and is taken back.
pub struct Whole {
    pieces: Receiver<Vec<u8>>,
    whole: oneshot::Receiver<()>,
}

impl Whole {
    /// Pieces of a channel, and what says that there will be no more.
    pub fn new(pieces: Receiver<Vec<u8>>, whole: oneshot::Receiver<()>) -> Self {
        Self { pieces, whole }
    }
}

impl Stream for Whole {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        if let Some(piece) = std::task::ready!(self.pieces.poll_recv(context)) {
            return Poll::Ready(Some(piece));
        }
        match std::task::ready!(Pin::new(&mut self.whole).poll(context)) {
            Ok(()) => Poll::Ready(None),
            Err(_) => Poll::Pending,
        }
    }
}
