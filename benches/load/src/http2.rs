//! As much of the client's side of HTTP/2 as it takes to send what no library would, and to see what becomes of it.

use std::collections::BTreeSet;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::wire::{self, Body};

/// Bytes that the node may send without being told to go on.
const WINDOW: u32 = 1 << 30;
/// Bytes that a client may send at first.
const FIRST_WINDOW: i64 = 65_535;

/// What ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All that was asked for.
    Streams,
    /// The connection, by the node.
    Connection,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    stream: TlsStream<TcpStream>,
    received: Vec<u8>,
    next: u32,
    open: BTreeSet<u32>,
    window: i64,
    pinged: bool,
    over: bool,
}

impl Connection {
    /// Begins HTTP/2, and waits until the node has.
    pub async fn open(stream: TlsStream<TcpStream>) -> io::Result<Self> {
        let (received, open) = (Vec::new(), BTreeSet::new());
        let mut connection =
            Self { stream, received, next: 1, open, window: FIRST_WINDOW, pinged: false, over: false };
        // SETTINGS_INITIAL_WINDOW_SIZE, and the same for the connection.
        let settings = [&4_u16.to_be_bytes()[..], &WINDOW.to_be_bytes()].concat();
        let more = wire::frame(wire::WINDOW, 0, 0, &WINDOW.to_be_bytes());
        let bytes = [wire::PREFACE.to_vec(), wire::frame(wire::SETTINGS, 0, 0, &settings), more].concat();
        connection.stream.write_all(&bytes).await?;
        match connection.ping().await? {
            Ended::Streams => Ok(connection),
            Ended::Connection => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// The number of a new stream, which counts as open from now on.
    pub fn stream(&mut self) -> u32 {
        let stream = self.next;
        self.next += 2;
        self.open.insert(stream);
        stream
    }

    /// Sends a call of gRPC with this message, well-formed.
    pub async fn call(&mut self, path: &str, message: &[u8]) -> io::Result<()> {
        let stream = self.stream();
        let bytes =
            [wire::request(stream, path.as_bytes(), &[], Body::Follows), wire::message(stream, message)];
        self.send(&bytes.concat()).await?;
        Ok(())
    }

    /// Sends frames, as soon as the node takes as much.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<Ended> {
        while self.window < bytes.len() as i64 {
            if self.receive().await? {
                return Ok(Ended::Connection);
            }
        }
        // Heads and headers do not count, but what is counted here is only ever too much by little.
        self.window -= data_bytes(bytes);
        match self.stream.write_all(bytes).await {
            Ok(()) => Ok(Ended::Streams),
            Err(_) => Ok(Ended::Connection),
        }
    }

    /// Sends bytes below TLS.
    pub async fn send_plain(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().0.write_all(bytes).await
    }

    /// Forgets the streams that are open: they were reset.
    pub fn forget(&mut self) {
        self.open.clear();
    }

    /// Waits until the node has answered all that is open, in whatever way.
    pub async fn settle(&mut self) -> io::Result<Ended> {
        while !self.open.is_empty() {
            if self.receive().await? {
                return Ok(Ended::Connection);
            }
        }
        Ok(Ended::Streams)
    }

    /// Waits until the node has looked at all that was sent.
    pub async fn ping(&mut self) -> io::Result<Ended> {
        self.pinged = false;
        if self.stream.write_all(&wire::frame(wire::PING, 0, 0, &[7; 8])).await.is_err() {
            return Ok(Ended::Connection);
        }
        while !self.pinged {
            if self.receive().await? {
                return Ok(Ended::Connection);
            }
        }
        Ok(Ended::Streams)
    }

    /// Waits until the node ends the connection.
    pub async fn end(&mut self) -> io::Result<()> {
        while !self.receive().await? {}
        Ok(())
    }

    /// Reads what is there, and returns whether the connection is over.
    async fn receive(&mut self) -> io::Result<bool> {
        if self.over {
            return Ok(true);
        }
        self.received.reserve(16 << 10);
        // That it ends without goodbye is no less an end.
        let length = self.stream.read_buf(&mut self.received).await.unwrap_or(0);
        self.over = length == 0;
        let mut answers = Vec::new();
        let mut at = 0;
        while let Some(head) = self.received.get(at..at + wire::HEAD) {
            let length = head[..3].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            let (kind, flags) = (head[3], head[4]);
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
            let Some(payload) = self.received.get(at + wire::HEAD..at + wire::HEAD + length) else { break };
            at += wire::HEAD + length;
            match kind {
                wire::DATA | wire::HEADERS if flags & wire::END_STREAM != 0 => {
                    self.open.remove(&stream);
                }
                wire::RESET => {
                    self.open.remove(&stream);
                }
                wire::SETTINGS if flags & wire::ACK == 0 => {
                    answers.extend(wire::frame(wire::SETTINGS, wire::ACK, 0, &[]));
                }
                wire::PING if flags & wire::ACK == 0 => {
                    answers.extend(wire::frame(wire::PING, wire::ACK, 0, payload));
                }
                wire::PING => self.pinged = true,
                wire::GO_AWAY => self.over = true,
                wire::WINDOW if stream == 0 => {
                    self.window += payload.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
                }
                _ => {}
            }
        }
        self.received.drain(..at);
        if !answers.is_empty() && self.stream.write_all(&answers).await.is_err() {
            self.over = true;
        }
        Ok(self.over)
    }
}

/// Bytes of data in well-formed frames.
fn data_bytes(mut bytes: &[u8]) -> i64 {
    let mut sum = 0;
    while let Some(head) = bytes.get(..wire::HEAD) {
        let length = head[..3].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        if head[3] == wire::DATA {
            sum += length as i64;
        }
        bytes = bytes.get(wire::HEAD + length..).unwrap_or_default();
    }
    sum
}
