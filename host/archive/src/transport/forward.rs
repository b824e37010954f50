//! Plain `http:` through a proxy, the way apt does it: the proxy is asked for the whole address (RFC 9112, section
//! 3.2.2).
//!
//! The client library opens a tunnel (`CONNECT`) even for plain HTTP, which caches for packages and most companies'
//! proxies refuse. One request a connection, in the form of HTTP/1.0, so an answer has a length or ends with the
//! connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Answer, Timeouts, TransportError};

/// Longest head of an answer.
const MAX_HEAD: u64 = 64 << 10;

/// Port of a proxy that names none.
const DEFAULT_PORT: u16 = 80;

/// The head of an answer, and what of the body follows it.
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The rest of the connection.
    pub body: Box<dyn Read + Send>,
}

impl Reply {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Asks a proxy for an address.
pub fn get(proxy: &str, url: &str, from: u64, timeouts: Timeouts) -> Result<Reply, TransportError> {
    let broken = |error: io::Error| translate(&error, timeouts);
    let (credentials, address) = address(proxy)?;
    let mut stream = connect(&address, timeouts)?;
    let host = url.split('/').nth(2).unwrap_or_default();
    let mut request = format!("GET {url} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n");
    request.push_str(concat!("User-Agent: corten/", env!("CARGO_PKG_VERSION"), "\r\n"));
    if let Some(credentials) = credentials {
        request.push_str(&["Proxy-Authorization: Basic ", &STANDARD.encode(credentials), "\r\n"].concat());
    }
    if from > 0 {
        request.push_str(&["Range: bytes=", &from.to_string(), "-\r\n"].concat());
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).map_err(broken)?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    let mut limited = (&mut reader).take(MAX_HEAD);
    loop {
        let before = head.len();
        let count = limited.read_line(&mut head).map_err(broken)?;
        if count == 0 {
            return Err(TransportError::Connection("the proxy ends the connection in the head".to_owned()));
        }
        if head[before..].trim().is_empty() {
            break;
        }
    }
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status =
        status.ok_or_else(|| TransportError::Connection("the proxy does not speak HTTP".to_owned()))?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers =
        headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect();
    Ok(Reply { status, headers, body: Box::new(reader) })
}

/// An answer whose body ends where its length says, or with the connection.
pub fn answer(reply: Reply, start: u64, size: Option<u64>, timeouts: Timeouts) -> Answer {
    let length = size.map_or(u64::MAX, |size| size.saturating_sub(start));
    Answer { start, size, body: Box::new(Body { inner: reply.body.take(length), timeouts }) }
}

/// The bytes of an answer, with time-outs in words.
struct Body {
    inner: io::Take<Box<dyn Read + Send>>,
    timeouts: Timeouts,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match translate(&error, self.timeouts) {
            timeout @ TransportError::Timeout(_) => {
                io::Error::new(io::ErrorKind::TimedOut, timeout.to_string())
            }
            _ => error,
        })
    }
}

/// Credentials and `host:port` of `http://user:password@host:port/`.
fn address(proxy: &str) -> Result<(Option<String>, String), TransportError> {
    let authority = proxy.strip_prefix("http://").unwrap_or(proxy).split('/').next().unwrap_or_default();
    let (credentials, host) = match authority.rsplit_once('@') {
        Some((credentials, host)) => (Some(credentials.to_owned()), host),
        None => (None, authority),
    };
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match host {
        "" => Err(TransportError::Connection(format!("{proxy:?} is not a proxy"))),
        _ if has_port => Ok((credentials, host.to_owned())),
        _ => Ok((credentials, format!("{host}:{DEFAULT_PORT}"))),
    }
}

fn connect(address: &str, timeouts: Timeouts) -> Result<TcpStream, TransportError> {
    let failed = |error: io::Error| TransportError::Connection(format!("the proxy {address}: {error}"));
    let mut last = TransportError::Connection(format!("the proxy {address} has no address"));
    for candidate in address.to_socket_addrs().map_err(failed)? {
        match TcpStream::connect_timeout(&candidate, timeouts.connect) {
            Ok(stream) => {
                stream.set_read_timeout(Some(timeouts.stall)).map_err(failed)?;
                stream.set_write_timeout(Some(timeouts.stall)).map_err(failed)?;
                return Ok(stream);
            }
            Err(error) => last = failed(error),
        }
    }
    Err(last)
}

/// A socket whose time is over says that it would block.
fn translate(error: &io::Error, timeouts: Timeouts) -> TransportError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => TransportError::Timeout(timeouts.stall),
        _ => TransportError::Connection(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_taken_apart() {
        let apart = |proxy: &str| {
            address(proxy).ok().map(|(credentials, host)| (credentials.unwrap_or_default(), host))
        };
        assert_eq!(apart("http://p.test:3128/"), Some((String::new(), "p.test:3128".into())));
        assert_eq!(apart("http://u:p@p.test"), Some(("u:p".into(), "p.test:80".into())));
        assert_eq!(apart("p.test:8080"), Some((String::new(), "p.test:8080".into())));
        assert_eq!(apart("http:///"), None);
    }
}
