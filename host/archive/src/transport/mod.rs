//! Reading files of a mirror over `http:`, `https:` and `file:`.
//!
//! One request, one answer: no retry, no hash. Those are in [`crate::fetch`].

mod file;
mod forward;
mod http;
pub mod proxy;

use std::io::Read;
use std::time::Duration;

use self::http::Http;
use self::proxy::Proxies;

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes of an answer. A download may take any time as long as it does not stall.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), stall: Duration::from_secs(30) }
    }
}

/// The start of an answer.
pub struct Answer {
    /// Position in the file of the first byte that the body gives.
    pub start: u64,
    /// Size of the whole file, where the server says it.
    pub size: Option<u64>,
    /// The bytes.
    pub body: Box<dyn Read + Send>,
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// The part that was asked for lies behind the end of the file.
    #[error("the file ends before the part that was asked for")]
    Range,
    /// The server answers with an error.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// No connection, or no bytes for too long.
    #[error("no answer within {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// The connection failed.
    #[error("{0}")]
    Connection(String),
    /// The address has a scheme that is not known, or is none.
    #[error("the address is not one of http:, https: or file:")]
    Address,
}

impl TransportError {
    /// Whether trying again can help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::Connection(_) => true,
            Self::Status(status) => *status >= 500 || matches!(status, 408 | 429),
            Self::NotFound | Self::Range | Self::Address => false,
        }
    }
}

/// Reads files of mirrors.
pub struct Transport {
    http: Http,
}

impl Transport {
    /// A transport that uses these proxies.
    pub fn new(proxies: Proxies, timeouts: Timeouts) -> Self {
        Self { http: Http::new(proxies, timeouts) }
    }

    /// Asks for a file from a position on. A server may answer from the start nevertheless.
    pub fn get(&self, url: &str, from: u64) -> Result<Answer, TransportError> {
        if url.starts_with("http://") || url.starts_with("https://") {
            return self.http.get(url, from);
        }
        match url.strip_prefix("file://") {
            Some(path) => file::get(path, from),
            None => Err(TransportError::Address),
        }
    }
}
