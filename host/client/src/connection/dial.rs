//! TCP and TLS by hand, and HTTP/2 over the result by tonic.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use corten_api::identity::Fingerprint;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use super::{CONNECT, NodeError, tls};
use crate::contexts::Address;

/// A stream in which nothing happens is asked for a sign of life this often, so that a lost node is noticed.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// How long such a sign may take.
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(5);

/// A node that has just started loses what comes before its link is up, and what is lost is sent again after seconds: a
/// second try is answered sooner.
const FIRST_TRY: Duration = Duration::from_secs(1);

/// What TLS wants to have a name for. Nothing compares it with anything and it is not sent.
const ANY_NAME: &str = "node.corten";

/// A stream to a node that was recognised.
pub(super) struct Dialled {
    pub(super) io: TlsStream<TcpStream>,
    pub(super) fingerprint: Fingerprint,
}

/// Connects and shakes hands.
pub(super) async fn dial(address: &Address, config: Arc<ClientConfig>) -> Result<Dialled, NodeError> {
    match tokio::time::timeout(FIRST_TRY, shake(address, Arc::clone(&config))).await {
        Ok(result) => result,
        Err(_) => shake(address, config).await,
    }
}

async fn shake(address: &Address, config: Arc<ClientConfig>) -> Result<Dialled, NodeError> {
    let stream = TcpStream::connect((address.host(), address.port())).await;
    let stream = stream.map_err(|error| NodeError::of_connect(address, error))?;
    // Calls are small and each waits for its answer.
    let _ = stream.set_nodelay(true);
    let name = ServerName::try_from(ANY_NAME).expect("it is written like a name");
    let shaken = TlsConnector::from(config).connect(name, stream).await;
    let io = shaken.map_err(|error| match tls::within(&error) {
        Some(error) => tls::of_handshake(address, error),
        None => NodeError::NoTls { address: address.clone(), why: error.to_string() },
    })?;
    let shown = io.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let shown = shown.ok_or_else(|| NodeError::NoTls {
        address: address.clone(),
        why: "it showed no certificate".to_owned(),
    })?;
    let fingerprint = Fingerprint::of(shown);
    Ok(Dialled { io, fingerprint })
}

/// HTTP/2 over a stream. When the stream ends, so does the channel.
pub(super) async fn channel<S>(address: &Address, stream: S) -> Result<Channel, NodeError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |why: String| NodeError::NoTls { address: address.clone(), why };
    // Encrypted already: with https tonic would look for TLS of its own. The name is the authority of requests.
    let endpoint =
        Endpoint::from_shared(format!("http://{address}")).map_err(|error| broken(error.to_string()))?;
    let endpoint = endpoint
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_ANSWER)
        .keep_alive_while_idle(true);
    let once = Mutex::new(Some(stream));
    let connector = tower::service_fn(move |_| {
        let stream = once.lock().ok().and_then(|mut stream| stream.take());
        let stream = stream.ok_or_else(|| io::Error::other("the connection ended"));
        std::future::ready(stream.map(TokioIo::new))
    });
    endpoint.connect_with_connector(connector).await.map_err(|error| NodeError::of_transport(address, &error))
}
