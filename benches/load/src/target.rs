//! Where an API is, and ways to it.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use corten_api::identity::IssueError;
use corten_api::tls::TlsError;
use corten_api::v1;
use corten_api::v1::node_client::NodeClient;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use crate::http2::Connection;

/// Time that anything may take before it counts as hanging.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Keys and certificates.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The channel of gRPC.
    #[error("no channel: {0:?}")]
    Transport(#[from] tonic::transport::Error),
    /// A call.
    #[error(transparent)]
    Call(Box<tonic::Status>),
    /// The agent ended.
    #[error("the agent ended with {status}: {said}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// What it wrote.
        said: String,
    },
    /// The agent does not get ready.
    #[error("the agent does not get ready: {said}")]
    NotReady {
        /// What it wrote.
        said: String,
    },
    /// Something takes for ever.
    #[error("{what}: nothing within {} s", PATIENCE.as_secs())]
    Hangs {
        /// What was waited for.
        what: &'static str,
    },
}

impl From<tonic::Status> for Fault {
    fn from(status: tonic::Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// An API, and who calls it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub address: SocketAddr,
    /// Who calls.
    pub tls: Arc<ClientConfig>,
}

impl Target {
    /// A connection without TLS.
    pub async fn tcp(&self) -> Result<TcpStream, Fault> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A connection after the handshake. What the node thinks of the client's certificate shows with the first read.
    pub async fn shake_hands(&self) -> Result<TlsStream<TcpStream>, Fault> {
        let stream = self.tcp().await?;
        let name = ServerName::try_from("node.corten").expect("it is written like a name");
        let shaken = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
        // Large, and part of everything that begins with it.
        within("a handshake", Box::pin(shaken)).await
    }

    /// A channel for clients of gRPC over a connection of its own.
    pub async fn channel(&self) -> Result<Channel, Fault> {
        channel(self.shake_hands().await?).await
    }

    /// HTTP/2 by hand over a connection of its own.
    pub async fn http2(&self) -> Result<Connection, Fault> {
        let stream = self.shake_hands().await?;
        within("the beginning of HTTP/2", Connection::open(stream)).await
    }

    /// What a call of `Node.Info` takes on a connection of its own, the handshake included.
    pub async fn call(&self) -> Result<Duration, Fault> {
        let start = Instant::now();
        info(&self.channel().await?).await?;
        Ok(start.elapsed())
    }
}

/// A channel to a socket of the node.
pub async fn local(path: &Path) -> Result<Channel, Fault> {
    channel(UnixStream::connect(path).await?).await
}

/// Calls `Node.Info`.
pub async fn info(channel: &Channel) -> Result<v1::InfoResponse, Fault> {
    let call = async { NodeClient::new(channel.clone()).info(v1::InfoRequest {}).await };
    Ok(within("Node.Info", call).await?.into_inner())
}

async fn channel(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Channel, Fault> {
    let once = Mutex::new(Some(stream));
    let connector = tower::service_fn(move |_| {
        let stream = once.lock().ok().and_then(|mut stream| stream.take());
        std::future::ready(stream.map(TokioIo::new).ok_or_else(|| io::Error::other("the connection ended")))
    });
    // Encrypted already, where it is to be.
    let endpoint = Endpoint::from_static("http://node.corten");
    within("a channel", Box::pin(endpoint.connect_with_connector(connector))).await
}

/// Waits for something, but not for ever.
pub async fn within<T, E>(what: &'static str, future: impl Future<Output = Result<T, E>>) -> Result<T, Fault>
where
    Fault: From<E>,
{
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Fault::Hangs { what }),
    }
}
