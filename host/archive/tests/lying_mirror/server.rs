//! An HTTP server with bad manners, on the loopback interface.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a file is served.
#[derive(Clone, Debug)]
pub enum Manner {
    /// As it is.
    Good,
    /// The connection ends after this many bytes of an answer, for the next so many requests.
    Cut { after: usize, requests: usize },
    /// Nothing more comes after this many bytes of an answer.
    Stall { after: usize },
    /// This byte is changed.
    Flip(usize),
    /// This status instead of the file, for the next so many requests.
    Status { status: u16, requests: usize },
    /// A Content-Length that is not true.
    Claim(u64),
    /// No Content-Length, and bytes without end.
    Endless,
    /// A server that does not know ranges.
    Whole,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    manners: BTreeMap<String, Manner>,
    requests: Vec<String>,
}

/// A server that runs until the test ends.
pub struct Server {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback interface");
        let port = listener.local_addr().expect("an address").port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || drop(serve(&stream, &state)));
            }
        });
        Self { state, port }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/debian", self.port)
    }

    /// Serves a file below the archive.
    pub fn put(&self, path: &str, content: Vec<u8>) {
        self.state.lock().expect("no panic").files.insert(format!("/debian/{path}"), content);
    }

    pub fn remove(&self, path: &str) {
        self.state.lock().expect("no panic").files.remove(&format!("/debian/{path}"));
    }

    /// Serves all files whose path holds this text in this manner.
    pub fn behave(&self, part: &str, manner: Manner) {
        self.state.lock().expect("no panic").manners.insert(part.to_owned(), manner);
    }

    /// Requests so far for paths that hold this text, with their ranges.
    pub fn requests(&self, part: &str) -> Vec<String> {
        let state = self.state.lock().expect("no panic");
        state.requests.iter().filter(|request| request.contains(part)).cloned().collect()
    }

    /// Takes the port, which differs in each run, out of a message.
    pub fn anonymous(&self, text: &str) -> String {
        text.replace(&format!("127.0.0.1:{}", self.port), "mirror.test")
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let range = lines
            .iter()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
        let start: usize =
            range.as_deref().and_then(|range| range.trim_end_matches('-').parse().ok()).unwrap_or(0);
        let (content, manner) = look_up(state, &path, start);
        if !answer(stream, content, &manner, start)? {
            return Ok(());
        }
    }
}

/// The file and the manner for one request, which is noted down.
fn look_up(state: &Mutex<State>, path: &str, start: usize) -> (Option<Vec<u8>>, Manner) {
    let mut state = state.lock().expect("no panic");
    let from = if start == 0 { String::new() } else { format!(" from {start}") };
    state.requests.push(format!("{path}{from}"));
    // A proxy is asked for a whole address.
    let path = path.find("/debian").map_or(path, |at| &path[at..]);
    let content = state.files.get(path).cloned();
    let found = state.manners.iter_mut().find(|(part, _)| path.contains(part.as_str()));
    let manner = match found {
        Some((_, Manner::Cut { requests: 0, .. } | Manner::Status { requests: 0, .. })) | None => {
            Manner::Good
        }
        Some((_, manner)) => {
            let now = manner.clone();
            if let Manner::Cut { requests, .. } | Manner::Status { requests, .. } = manner {
                *requests -= 1;
            }
            now
        }
    };
    (content, manner)
}

/// Whether the connection can be used again.
fn answer(
    mut stream: &TcpStream,
    content: Option<Vec<u8>>,
    manner: &Manner,
    start: usize,
) -> std::io::Result<bool> {
    if let Manner::Status { status, .. } = manner {
        write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    }
    let Some(mut content) = content else {
        write!(stream, "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    };
    if let Manner::Flip(at) = manner {
        content[*at] ^= 1;
    }
    let size = content.len();
    let start = if matches!(manner, Manner::Whole | Manner::Endless) { 0 } else { start.min(size) };
    let (status, body) = (if start > 0 { 206 } else { 200 }, &content[start..]);
    let length = if let Manner::Claim(length) = manner { *length } else { body.len() as u64 };
    write!(stream, "HTTP/1.1 {status} x\r\n")?;
    if start > 0 {
        write!(stream, "Content-Range: bytes {start}-{}/{size}\r\n", size - 1)?;
    }
    match manner {
        Manner::Endless => {
            write!(stream, "Connection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 8192])?;
            }
        }
        Manner::Cut { after, .. } => {
            write!(stream, "Content-Length: {length}\r\n\r\n")?;
            stream.write_all(&body[..(*after).min(body.len())])?;
            stream.shutdown(std::net::Shutdown::Both)?;
            Ok(false)
        }
        Manner::Stall { after } => {
            write!(stream, "Content-Length: {length}\r\n\r\n")?;
            stream.write_all(&body[..(*after).min(body.len())])?;
            std::thread::sleep(Duration::from_secs(20));
            Ok(false)
        }
        _ => {
            write!(stream, "Content-Length: {length}\r\n\r\n")?;
            stream.write_all(body)?;
            Ok(true)
        }
    }
}
