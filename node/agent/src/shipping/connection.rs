//! A connection to a target, in the clear or with TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use corten_config::settings::{LogFormat, LogTarget, LogTransport};
use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::authorities;
use crate::resolve;
use crate::root::Root;

/// For name, connection and handshake together.
const PATIENCE: Duration = Duration::from_secs(15);
/// What was sent has to be taken by the other machine within this time. The kernel ends the connection then.
const UNANSWERED: Duration = Duration::from_secs(30);
/// A connection without lines is looked after from this time on.
const IDLE: Duration = Duration::from_mins(1);

/// What bytes go over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody there, or not in time.
    #[error("connecting to {0}: {1}")]
    Connect(String, io::Error),
    /// There is somebody, but not who is meant.
    #[error("TLS with {0}: {1}")]
    Tls(String, io::Error),
}

/// Connects to a target.
pub async fn connect(
    root: &Root,
    target: &LogTarget,
    authorities: &[String],
) -> Result<Box<dyn Stream>, ConnectError> {
    let address = format!("{}:{}", target.host, target.port);
    let late = || ConnectError::Connect(address.clone(), io::ErrorKind::TimedOut.into());
    let connected = tokio::time::timeout(PATIENCE, open(root, target, authorities, &address)).await;
    connected.unwrap_or_else(|_| Err(late()))
}

async fn open(
    root: &Root,
    target: &LogTarget,
    authorities: &[String],
    address: &str,
) -> Result<Box<dyn Stream>, ConnectError> {
    let connect = |error| ConnectError::Connect(address.into(), error);
    let tls = |error| ConnectError::Tls(address.into(), error);
    let stream = resolve::connect(&target.host, target.port).await.map_err(connect)?;
    watch_over(&stream).map_err(|error| connect(error.into()))?;
    match target.transport {
        LogTransport::Tcp => Ok(Box::new(stream)),
        LogTransport::Tls => {
            let name =
                ServerName::try_from(target.host.clone()).map_err(|error| tls(io::Error::other(error)))?;
            let mut config =
                authorities::client(root, authorities).map_err(|error| tls(io::Error::other(error)))?;
            if target.format == LogFormat::Otlp {
                config.alpn_protocols = vec![b"h2".to_vec()];
            }
            let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(tls)?;
            Ok(Box::new(stream))
        }
    }
}

/// Has the kernel end a connection whose other machine is gone without a word.
fn watch_over(stream: &TcpStream) -> rustix::io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, IDLE)?;
    sockopt::set_tcp_user_timeout(stream, UNANSWERED.as_millis() as u32)
}
