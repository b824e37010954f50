//! The side that asks, for programs without an async runtime.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::{Answer, MAX_ANSWER, Request};

/// init answers at once, but for what has to be done first; a client does not wait longer than this.
const PATIENCE: Duration = Duration::from_mins(1);

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

impl Request {
    /// Asks the init that listens on a socket, and returns once it has accepted.
    pub fn send(&self, socket: &Path) -> Result<(), ControlError> {
        match self.ask(socket)? {
            Answer::Accepted => Ok(()),
            other => Err(ControlError::Answer(other.line())),
        }
    }

    /// Asks the init that listens on a socket for what it answers with more than a word.
    pub fn ask(&self, socket: &Path) -> Result<Answer, ControlError> {
        let failed = |error| ControlError::Io(socket.display().to_string(), error);
        let mut stream = UnixStream::connect(socket).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        stream.write_all(self.line().as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        BufReader::new(stream.take(MAX_ANSWER as u64)).read_line(&mut answer).map_err(failed)?;
        match Answer::parse(&answer) {
            Some(Answer::Refused { why }) => Err(ControlError::Refused(why)),
            Some(answer) => Ok(answer),
            None => Err(ControlError::Answer(answer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    /// A socket on which one client gets this answer; returns what it asked and what came of it.
    fn asked(request: &Request, answer: &str) -> (String, Result<(), ControlError>) {
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
        let (line, result) = asked(&Request::PowerOff, &Answer::Accepted.line());
        assert_eq!(line, "{\"request\":\"power-off\"}\n");
        result.expect("accepted");
        let refused = Answer::Refused { why: "only root may ask".into() };
        let (_, result) = asked(&Request::Restart, &refused.line());
        assert_eq!(result.expect_err("refused").to_string(), "init refused: only root may ask");
        let (_, result) = asked(&Request::Restart, "");
        assert_eq!(
            result.expect_err("no answer").to_string(),
            "init answered \"\": expected accepted or refused"
        );
    }

    #[test]
    fn requests_about_services_name_them() {
        let request = Request::RestartService { service: "web".into() };
        assert_eq!(request.line(), "{\"request\":\"restart-service\",\"service\":\"web\"}\n");
        assert_eq!(Request::parse(request.line().as_bytes()).ok(), Some(request));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Request::parse(&line);
            let _ = crate::System::parse(&line);
            let _ = Answer::parse(&String::from_utf8_lossy(&line));
        }
    }
}
