//! The question of an HTTP check: GET, whose answer has to have a status from 200 to 299. A redirect is no such answer,
//! since what it leads to may be another service. The body is not read.

use std::future::pending;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Bytes of the headers of an answer that are read.
const MAX_HEAD: usize = 16 << 10;

/// Whether an answer of this status is well.
pub(super) async fn ask(stream: TcpStream, host: &str, path: &str) -> Result<(), String> {
    let status = status(stream, host, path).await?;
    if status.is_success() { Ok(()) } else { Err(format!("status {}", status.as_u16())) }
}

async fn status(stream: TcpStream, host: &str, path: &str) -> Result<StatusCode, String> {
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, "corten-containers")
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("path {path:?}: {error}"))?;
    let failed = |error: hyper::Error| format!("asking: {}", text(&error));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = async {
        // How it ended is told to the one who waits for the answer.
        let _ = connection.await;
        pending::<()>().await;
    };
    tokio::select! {
        answer = sender.send_request(request) => Ok(answer.map_err(failed)?.status()),
        () = connection => Err("asking: no answer".into()),
    }
}

/// What happened and what was behind it.
fn text(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
