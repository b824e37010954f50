//! A stream that remembers with which alert the other side ended it.
//!
//! With TLS 1.3 a client learns only when it reads that the node did not accept its certificate. By then HTTP/2 has
//! the stream, which passes errors on as texts.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::tls;

/// Bytes of a greeting that are read ahead; more than its settings take.
const GREETING: usize = 1024;

/// How long a greeting is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The alert that was seen, if there was one.
#[derive(Debug, Default)]
pub(super) struct Seen(OnceLock<AlertDescription>);

impl Seen {
    pub(super) fn alert(&self) -> Option<AlertDescription> {
        self.0.get().copied()
    }

    fn look(&self, error: &io::Error) {
        if let Some(rustls::Error::AlertReceived(alert)) = tls::within(error) {
            let _ = self.0.set(*alert);
        }
    }
}

/// A stream whose errors are looked at on their way.
pub(super) struct Watched<S> {
    stream: S,
    seen: Arc<Seen>,
    /// What was read of it before anybody asked.
    first: Vec<u8>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, seen: Arc<Seen>) -> Self {
        Self { stream, seen, first: Vec::new() }
    }

    /// Waits for what the other side says first: in HTTP/2 a server greets without being asked. If it refuses the
    /// client it says so here. Were something sent to it before that, a machine that has closed the connection would
    /// answer with a reset, and take its own words back.
    pub(super) async fn greeted(mut self) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut greeting = vec![0; GREETING];
        let read = tokio::time::timeout(PATIENCE, self.read(&mut greeting)).await;
        match read {
            Ok(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(bytes)) => greeting.truncate(bytes),
            Ok(Err(error)) => return Err(error),
            // One that waits for the client's greeting, as it may.
            Err(_) => greeting.clear(),
        }
        self.first = greeting;
        Ok(self)
    }

    fn pass<T>(&self, result: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &result {
            self.seen.look(error);
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let bytes = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first[..bytes]);
            self.first.drain(..bytes);
            return Poll::Ready(Ok(()));
        }
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        self.pass(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.pass(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        self.pass(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
