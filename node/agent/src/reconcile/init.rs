//! Asks init: one request a connection, one answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use corten_control::{Answer, MAX_ANSWER, Request, SOCKET};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::root::Root;

/// init answers at once, but for what has to be done first.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The socket can't be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It took too long.
    #[error("{}: no answer within {} s", path.display(), PATIENCE.as_secs())]
    Silent {
        /// Where the socket is.
        path: PathBuf,
    },
    /// What came is no answer.
    #[error("init answered {line:?}: expected an answer on one line of at most {MAX_ANSWER} bytes")]
    Answer {
        /// The beginning of it.
        line: String,
    },
}

/// Asks, and waits for the first answer. A refusal is an answer.
///
/// # Errors
/// If init can't be reached, says nothing within a minute or something that is no answer.
pub async fn ask(root: &Root, request: &Request) -> Result<Answer, InitError> {
    let path = root.path(SOCKET);
    let failed = |error| InitError::Io { path: path.clone(), error };
    let exchange = async {
        let mut stream = UnixStream::connect(&path).await?;
        stream.write_all(request.line().as_bytes()).await?;
        let mut line = Vec::new();
        BufReader::new(stream.take(MAX_ANSWER as u64)).read_until(b'\n', &mut line).await?;
        Ok(line)
    };
    let line = match timeout(PATIENCE, exchange).await {
        Ok(line) => line.map_err(failed)?,
        Err(_) => return Err(InitError::Silent { path }),
    };
    let line = String::from_utf8_lossy(&line);
    Answer::parse(&line).ok_or_else(|| InitError::Answer { line: line.chars().take(120).collect() })
}

#[cfg(test)]
pub mod tests;
