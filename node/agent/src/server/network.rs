//! The API's port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use corten_api::identity::Client;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Caller, Connections, Door, From, Gate, Posture, serve_connection};
use crate::time::now_seconds;

/// Time that a client has to show who it is.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// A connection that nobody ends does so by itself after this time; its client begins another one.
const LONGEST: Duration = Duration::from_hours(24);
/// Where a connection can't be taken, the next one is tried after this time: descriptors may be used up.
const AGAIN: Duration = Duration::from_millis(100);

/// Listens on a port of all addresses; of those of IPv4 alone where the machine has no other.
pub async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await,
    }
}

/// Serves whoever the door admits, for as long as it is polled.
pub async fn serve(
    listener: TcpListener,
    door: watch::Receiver<Arc<Door>>,
    connections: Connections,
    gate: Gate,
) {
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let now = Arc::clone(&door.borrow());
        if !now.admits(client.ip()) {
            continue;
        }
        let Some(counted) = connections.count(client.ip(), &now.limits) else { continue };
        let (door, gate) = (door.clone(), gate.clone());
        tokio::spawn(async move {
            connection(stream, client, now, door, gate).await;
            drop(counted);
        });
    }
}

async fn connection(
    stream: TcpStream,
    client: SocketAddr,
    now: Arc<Door>,
    mut door: watch::Receiver<Arc<Door>>,
    gate: Gate,
) {
    // Answers are small, and each is waited for.
    let _ = stream.set_nodelay(true);
    let Some((stream, caller, left)) = welcome(stream, client, &now).await else { return };
    let epoch = now.epoch;
    drop(now);
    let end = async move {
        tokio::select! {
            // The door is gone when the agent ends.
            _ = door.wait_for(|door| door.epoch != epoch) => {}
            // The certificate of the client has ended.
            () = tokio::time::sleep(left) => {}
        }
    };
    serve_connection(stream, Arc::new(caller), Some(epoch), (gate, end)).await;
}

/// The handshake, who it shows, and how long that may stay. What fails is the client's to know: its alert says why.
pub(super) async fn welcome(
    stream: TcpStream,
    client: SocketAddr,
    door: &Door,
) -> Option<(TlsStream<TcpStream>, Caller, Duration)> {
    let handshake = TlsAcceptor::from(Arc::clone(&door.tls)).accept(stream);
    let stream = tokio::time::timeout(HANDSHAKE_WITHIN, handshake).await.ok()?.ok()?;
    let (caller, left) = caller(&stream, client, door.posture)?;
    Some((stream, caller, left))
}

fn caller(stream: &TlsStream<TcpStream>, client: SocketAddr, posture: Posture) -> Option<(Caller, Duration)> {
    let address: IpAddr = client.ip().to_canonical();
    let from = From::Network(address, client.port());
    if posture == Posture::Maintenance {
        let name = "somebody who is not known".into();
        return Some((Caller { name, role: None, certificate: None, from }, LONGEST));
    }
    // The verifier let it through, so it is there and can be read.
    let certificate = stream.get_ref().1.peer_certificates()?.first()?;
    let Client { name, role, fingerprint, not_after } = Client::read(certificate).ok()?;
    let left = not_after.saturating_sub(now_seconds()).max(0).cast_unsigned();
    let left = Duration::from_secs(left).min(LONGEST);
    let name = name.as_str().into();
    Some((Caller { name, role: Some(role), certificate: Some(fingerprint), from }, left))
}
