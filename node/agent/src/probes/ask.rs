//! One check: a connection, and with HTTP a question.

use std::io;
use std::time::Duration;

use corten_config::settings::{Probe, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::http::{self, MAX_STATUS_LINE};
use crate::resolve;

/// What was found, or why the check failed.
pub async fn ask(probe: &Probe) -> Result<String, String> {
    let seconds = probe.timeout_seconds.max(1);
    let answer = tokio::time::timeout(Duration::from_secs(seconds.into()), target(&probe.target)).await;
    answer.unwrap_or_else(|_| Err(format!("no answer in {seconds} s")))
}

async fn target(target: &Target) -> Result<String, String> {
    match target {
        Target::Tcp { host, port } => connect(host, *port).await.map(|_| "connected".into()),
        Target::Http { host, port, path } => {
            let mut stream = connect(host, *port).await?;
            let failed = |error: io::Error| format!("asking: {}", reason(&error));
            stream.write_all(http::request(host, *port, path).as_bytes()).await.map_err(failed)?;
            let line = status_line(&mut stream).await.map_err(failed)?;
            let status = http::parse_status(&line).map_err(|error| error.to_string())?;
            if (200..300).contains(&status) {
                Ok(format!("status {status}"))
            } else {
                Err(format!("status {status}"))
            }
        }
    }
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    resolve::connect(host, port).await.map_err(|error| format!("connecting: {}", reason(&error)))
}

/// The first line of what comes, without its end; cut at the limit. The rest is not read.
async fn status_line(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut buffer = [0; 256];
    loop {
        let length = stream.read(&mut buffer).await?;
        line.extend_from_slice(buffer.get(..length).unwrap_or_default());
        let end = line.iter().position(|byte| *byte == b'\n');
        if let Some(end) = end {
            line.truncate(end);
            line.truncate(line.trim_ascii_end().len());
        }
        if end.is_some() || length == 0 || line.len() >= MAX_STATUS_LINE {
            return Ok(line);
        }
    }
}

/// The words of the system without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn probe(target: Target) -> Probe {
        Probe { target, interval_seconds: 1, timeout_seconds: 1, failures: 1 }
    }

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        (listener, port)
    }

    /// What a check finds at a server that answers with these pieces, and what the server was asked.
    async fn asked(pieces: &'static [&'static str]) -> (Result<String, String>, String) {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut question = vec![0; 1024];
            let length = stream.read(&mut question).await.expect("a question");
            for piece in pieces {
                // A client that has seen enough is gone.
                let _ = stream.write_all(piece.as_bytes()).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            String::from_utf8_lossy(&question[..length]).into_owned()
        });
        let target = Target::Http { host: "127.0.0.1".into(), port, path: "/health".into() };
        let found = ask(&probe(target)).await;
        (found, server.await.expect("no panic"))
    }

    #[tokio::test]
    async fn a_status_from_200_to_299_is_well() {
        let (found, question) = asked(&["HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"]).await;
        assert_eq!(found, Ok("status 204".into()));
        assert!(question.starts_with("GET /health HTTP/1.1\r\nHost: 127.0.0.1:"), "{question}");
        assert_eq!(asked(&["HTTP/1.", "1 200 ", "OK\r\n"]).await.0, Ok("status 200".into()));
        assert_eq!(asked(&["HTTP/1.1 302 Found\r\n"]).await.0, Err("status 302".into()));
        assert_eq!(asked(&["SSH-2.0-x\r\n"]).await.0, Err("not an answer of HTTP/1: \"SSH-2.0-x\"".into()));
        assert_eq!(asked(&[]).await.0, Err("not an answer of HTTP/1: \"\"".into()));
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_not_read_for_ever() {
        let piece: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
        let pieces: &'static [&'static str] = Box::leak(vec![piece].into_boxed_slice());
        assert!(asked(pieces).await.0.expect_err("no answer").starts_with("not an answer"));
    }

    #[tokio::test]
    async fn somebody_has_to_listen() {
        let (listener, port) = listener().await;
        let target = || Target::Tcp { host: "127.0.0.1".into(), port };
        assert_eq!(ask(&probe(target())).await, Ok("connected".into()));
        drop(listener);
        assert_eq!(ask(&probe(target())).await, Err("connecting: connection refused".into()));
    }

    #[tokio::test]
    async fn who_is_silent_is_not_waited_for() {
        let (_listener, port) = listener().await;
        let target = Target::Http { host: "127.0.0.1".into(), port, path: "/".into() };
        assert_eq!(ask(&probe(target)).await, Err("no answer in 1 s".into()));
    }
}
