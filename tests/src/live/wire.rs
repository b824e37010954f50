//! gRPC as it is on the wire, by HTTP/2 and TLS alone: what a client sees that was not made for Corten, and one that
//! asks for what it may not have.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a call may take; a stream that has begun and says nothing for that long has no end.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a stream may say nothing once it has begun.
const SILENCE: Duration = Duration::from_secs(1);

/// A connection.
pub struct Wire {
    runtime: Runtime,
    send: SendRequest<Bytes>,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `grpc-status`; `None` for a stream that goes on.
    pub code: Option<u32>,
    /// `grpc-message`, as it is sent.
    pub message: String,
    /// The messages, as they are sent.
    pub messages: Vec<Bytes>,
}

impl Wire {
    /// Connects to a port of this machine.
    pub fn connect(port: u16, config: Arc<ClientConfig>) -> Result<Self> {
        Self::by(dial(port, config))
    }

    /// Connects to a port of this machine behind which nobody speaks TLS.
    pub fn without_tls(port: u16) -> Result<Self> {
        Self::by(async move { greet(TcpStream::connect(("127.0.0.1", port)).await?).await })
    }

    fn by(dialled: impl Future<Output = Result<SendRequest<Bytes>>>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let send = runtime
            .block_on(async { timeout(PATIENCE, dialled).await.context("no answer to a handshake")? })?;
        Ok(Self { runtime, send })
    }

    /// Calls a method, `package.Service/Method`, with one message.
    pub fn call(&mut self, method: &str, message: &[u8]) -> Result<Answer> {
        let send = self.send.clone();
        self.runtime.block_on(async {
            let called = timeout(PATIENCE, call(send, method, message)).await;
            called.with_context(|| format!("{method}: no answer"))?.with_context(|| method.to_owned())
        })
    }
}

async fn dial(port: u16, config: Arc<ClientConfig>) -> Result<SendRequest<Bytes>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    greet(TlsConnector::from(config).connect(ServerName::try_from("any.name")?, stream).await?).await
}

async fn greet(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<SendRequest<Bytes>> {
    let (send, connection) = h2::client::handshake(stream).await?;
    tokio::spawn(async move {
        // What is wrong with it is told by the calls.
        let _ = connection.await;
    });
    // With TLS 1.3 a client learns of a refusal only when it reads, and the other side speaks first in HTTP/2.
    Ok(send.ready().await?)
}

async fn call(send: SendRequest<Bytes>, method: &str, message: &[u8]) -> Result<Answer> {
    let request = Request::post(format!("https://any.name/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())?;
    let mut send = send.ready().await?;
    let (response, mut body) = send.send_request(request, false)?;
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.put_slice(message);
    // A method that is refused may end the stream before the message is there.
    let _ = body.send_data(frame.freeze(), true);
    let (head, mut stream) = response.await?.into_parts();
    if head.status != http::StatusCode::OK {
        bail!("HTTP status {}", head.status);
    }
    if let Some(answer) = status(&head.headers, Vec::new()) {
        return Ok(answer);
    }
    let mut bytes = BytesMut::new();
    loop {
        match timeout(SILENCE, stream.data()).await {
            Err(_) => return Ok(Answer { code: None, message: String::new(), messages: messages(&bytes) }),
            Ok(Some(data)) => {
                let data = data?;
                stream.flow_control().release_capacity(data.len())?;
                bytes.extend_from_slice(&data);
            }
            Ok(None) => break,
        }
    }
    let trailers = stream.trailers().await?.context("no trailers")?;
    status(&trailers, messages(&bytes)).context("no grpc-status")
}

fn status(headers: &HeaderMap, messages: Vec<Bytes>) -> Option<Answer> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let code = text("grpc-status")?.parse().ok()?;
    let message = text("grpc-message").unwrap_or_default().replace("%20", " ");
    Some(Answer { code: Some(code), message, messages })
}

/// The messages in a body, each behind a byte for compression and its length.
fn messages(body: &[u8]) -> Vec<Bytes> {
    let (mut rest, mut found) = (body, Vec::new());
    while let Some((head, tail)) = rest.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let Some((message, tail)) = tail.split_at_checked(length) else { break };
        found.push(Bytes::copy_from_slice(message));
        rest = tail;
    }
    found
}
