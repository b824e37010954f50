//! What programs of a node ask its init for: the words on init's socket, and the client's side of it.
//!
//! A connection carries one request and one answer, each a JSON object on one line. The socket is root's alone, by
//! its mode and by who is on the other end.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where init listens.
pub const SOCKET: &str = "/run/corten/init.sock";

/// Bytes of the longest line that either side reads.
pub const MAX_LINE: usize = 4096;

/// init answers at once; a client does not wait longer than this for one that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Stop all services in order and switch the machine off.
    PowerOff,
    /// Stop all services in order and start the machine again.
    Restart,
}

/// What init says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// It is being done.
    Accepted,
    /// It is not, and why.
    Refused {
        /// The reason.
        why: String,
    },
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket can't be used.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// What came is no answer.
    #[error("init answered {0:?}: expected accepted or refused")]
    Answer(String),
    /// init refused.
    #[error("init refused: {0}")]
    Refused(String),
}

/// A text is not a request: what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("no request: {0}")]
pub struct NoRequest(#[from] serde_json::Error);

impl Request {
    /// Reads one line.
    pub fn parse(line: &[u8]) -> Result<Self, NoRequest> {
        Ok(serde_json::from_slice(line)?)
    }

    /// Asks the init that listens on a socket, and returns once it has accepted.
    pub fn send(self, socket: &Path) -> Result<(), ControlError> {
        let failed = |error| ControlError::Io(socket.display().to_string(), error);
        let mut stream = UnixStream::connect(socket).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        stream.write_all(line(&self).as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        BufReader::new(stream.take(MAX_LINE as u64)).read_line(&mut answer).map_err(failed)?;
        match serde_json::from_str(&answer) {
            Ok(Answer::Accepted) => Ok(()),
            Ok(Answer::Refused { why }) => Err(ControlError::Refused(why)),
            Err(_) => Err(ControlError::Answer(answer)),
        }
    }
}

impl Answer {
    /// The answer as a line.
    pub fn line(&self) -> String {
        line(self)
    }
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    /// A socket on which one client gets this answer; returns what it asked and what came of it.
    fn asked(request: Request, answer: &str) -> (String, Result<(), ControlError>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("init.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        thread::scope(|scope| {
            let server = scope.spawn(|| {
                let (stream, _) = listener.accept().expect("a client");
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).expect("a line");
                (&stream).write_all(answer.as_bytes()).expect("it listens");
                line
            });
            let result = request.send(&path);
            (server.join().expect("no panic"), result)
        })
    }

    #[test]
    fn a_client_hears_what_became_of_its_request() {
        let (line, result) = asked(Request::PowerOff, &Answer::Accepted.line());
        assert_eq!(line, "{\"request\":\"power-off\"}\n");
        result.expect("accepted");
        let refused = Answer::Refused { why: "only root may ask".into() };
        let (_, result) = asked(Request::Restart, &refused.line());
        assert_eq!(result.expect_err("refused").to_string(), "init refused: only root may ask");
        let (_, result) = asked(Request::Restart, "");
        assert_eq!(
            result.expect_err("no answer").to_string(),
            "init answered \"\": expected accepted or refused"
        );
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Request::parse(&line);
        }
    }
}
