//! A server of HTTP whose answers are made by the test. One answer a connection.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a client asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The whole first line.
    pub line: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// First byte that is asked for.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// How the body is sent.
#[derive(Clone, Debug, Default)]
pub enum Way {
    #[default]
    Whole,
    /// The connection ends after so many bytes.
    Cut(usize),
    /// Nothing comes for so long after so many bytes.
    Stall(usize, Duration),
    /// A byte at a time with a pause.
    Drip(Duration),
    /// Zeros without end and without a length.
    Endless,
    /// The body is all that is sent: no head.
    Raw,
}

#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub way: Way,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn way(self, way: Way) -> Self {
        Self { way, ..self }
    }
}

/// A server that runs until the test ends.
#[derive(Clone)]
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, answer)
    }

    pub fn tls(config: Arc<ServerConfig>, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Some(config), answer)
    }

    fn listen(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let server = Self { address, scheme, asked: Arc::clone(&asked) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answer, tls) = (Arc::clone(&asked), Arc::clone(&answer), tls.clone());
                std::thread::spawn(move || {
                    // A client that goes away is none of the test's business.
                    let _ = match tls {
                        None => serve(stream, &asked, &*answer),
                        Some(config) => {
                            let connection = ServerConnection::new(config).expect("a configuration");
                            serve(StreamOwned::new(connection, stream), &asked, &*answer)
                        }
                    };
                });
            }
        });
        server
    }

    /// `HOST:PORT`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `SCHEME://HOST:PORT`.
    pub fn place(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// How often a path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }
}

/// A port on which nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

fn serve(
    stream: impl Read + Write,
    log: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked) -> Reply,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut asked = Asked::default();
    stream.read_line(&mut asked.line)?;
    let target = asked.line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    (asked.path, asked.query) = (path.to_owned(), query.to_owned());
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        asked.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    log.lock().expect("no panic").push(asked.clone());
    send(stream.get_mut(), answer(&asked))
}

fn send(stream: &mut impl Write, reply: Reply) -> std::io::Result<()> {
    let Reply { status, mut headers, body, way } = reply;
    if matches!(way, Way::Raw) {
        stream.write_all(&body)?;
        return stream.flush();
    }
    let has_length = headers.iter().any(|(name, _)| name == "Content-Length");
    if !has_length && !matches!(way, Way::Endless) {
        headers.push(("Content-Length".into(), body.len().to_string()));
    }
    let lines = headers.into_iter().flat_map(|(name, value)| [name, ": ".into(), value, "\r\n".into()]);
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{}\r\n", lines.collect::<String>());
    stream.write_all(head.as_bytes())?;
    match way {
        Way::Whole | Way::Raw => stream.write_all(&body)?,
        Way::Cut(count) => stream.write_all(&body[..count])?,
        Way::Stall(count, pause) => {
            stream.write_all(&body[..count])?;
            stream.flush()?;
            std::thread::sleep(pause);
            stream.write_all(&body[count..])?;
        }
        Way::Drip(pause) => {
            for byte in body {
                stream.write_all(&[byte])?;
                stream.flush()?;
                std::thread::sleep(pause);
            }
        }
        Way::Endless => loop {
            stream.write_all(&[0; 4096])?;
        },
    }
    stream.flush()
}

/// A proxy for plain HTTP and for tunnels, which keeps the first line of what it was asked. All names are this machine's.
pub fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let authority = listener.local_addr().expect("an address").to_string();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || forward(stream, &log));
        }
    });
    (authority, lines)
}

fn forward(client: TcpStream, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        head.push(line);
    }
    let first = head.remove(0);
    let shown = head.iter().find(|line| line.to_ascii_lowercase().starts_with("proxy-authorization"));
    log.lock()
        .expect("no panic")
        .push(first.trim().to_owned() + &shown.map_or(String::new(), |line| format!(" {}", line.trim())));
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut client = client;
    let server = if method == "CONNECT" {
        let server = TcpStream::connect(here(target))?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        server
    } else {
        let (authority, path) =
            target.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap_or_default();
        let mut server = TcpStream::connect(here(authority))?;
        let head: String =
            head.into_iter().filter(|line| !line.to_ascii_lowercase().starts_with("proxy-")).collect();
        server.write_all(format!("{method} /{path} HTTP/1.1\r\n{head}\r\n").as_bytes())?;
        server
    };
    let (mut from_server, mut to_server) = (server.try_clone()?, server);
    std::thread::spawn(move || std::io::copy(&mut reader, &mut to_server));
    std::io::copy(&mut from_server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}

fn here(authority: &str) -> String {
    format!("127.0.0.1:{}", authority.rsplit(':').next().unwrap_or_default())
}
