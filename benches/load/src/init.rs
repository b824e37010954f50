//! An init that accepts everything, tells of a few services, and remembers what it was asked.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use corten_control::{Answer, Request, State, Status};

/// Its socket. It serves as long as the process lives.
#[derive(Clone, Debug)]
pub struct Init(Arc<Mutex<Vec<Request>>>);

impl Init {
    /// Listens on a socket.
    pub fn listen(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let init = Self(Arc::default());
        let asked = init.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = asked.clone();
                thread::spawn(move || asked.answer(&stream));
            }
        });
        Ok(init)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until something was asked that `wanted` finds something in.
    pub fn wait<T>(&self, within: Duration, wanted: impl Fn(&Request) -> Option<T>) -> Option<T> {
        let end = Instant::now() + within;
        loop {
            if let Some(found) = self.asked().iter().rev().find_map(&wanted) {
                return Some(found);
            }
            if Instant::now() > end {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn answer(&self, mut stream: &UnixStream) {
        let mut line = String::new();
        let mut reader = BufReader::new(stream);
        if reader.read_line(&mut line).is_err() {
            return;
        }
        let request = Request::parse(line.as_bytes());
        let answer = match &request {
            Ok(Request::Services | Request::Watch) => Answer::Services { services: services() },
            Ok(_) => Answer::Accepted,
            Err(error) => Answer::Refused { why: error.to_string() },
        };
        let watched = matches!(request, Ok(Request::Watch));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(request);
        let told = stream.write_all(answer.line().as_bytes());
        if watched && told.is_ok() {
            // Until the agent goes.
            let _ = reader.read_line(&mut line);
        }
    }
}

fn services() -> Vec<Status> {
    let service = |name: &str| Status {
        name: name.into(),
        state: State::Ready,
        pid: None,
        since_ms: 900,
        restarts: 0,
        found: String::new(),
    };
    ["agent", "network", "time"].map(service).into()
}
