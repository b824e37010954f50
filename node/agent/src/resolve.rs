//! Connects to hosts by name. The C library looks names up, on a thread that can't be ended and may wait for a dead
//! name server for half a minute; so few look-ups run at a time, however many connections are wanted and given up.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};

use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Look-ups at a time: as many threads are bound at most.
const AT_A_TIME: usize = 4;

static LOOK_UPS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_A_TIME)));

/// Connects to the first address of a host that answers. Has no time limit of its own.
pub async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses(host, port).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let permit = Arc::clone(&LOOK_UPS).acquire_owned().await.map_err(io::Error::other)?;
    let host = host.to_string();
    // A task of its own: it holds the permit until the thread is free, even where nobody waits for it any more.
    let look_up = tokio::spawn(async move {
        let found = tokio::net::lookup_host((host, port)).await.map(Iterator::collect);
        drop(permit);
        found
    });
    look_up.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_and_addresses_are_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        for host in ["127.0.0.1", "localhost"] {
            connect(host, port).await.expect("a connection");
        }
        drop(listener);
        let error = connect("127.0.0.1", port).await.expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect("no such name", port).await.is_err());
    }

    #[tokio::test]
    async fn look_ups_that_nobody_waits_for_give_their_places_back() {
        for _ in 0..3 * AT_A_TIME {
            // Given up at once.
            let _ = tokio::time::timeout(std::time::Duration::ZERO, addresses("localhost", 1)).await;
        }
        assert!(!addresses("localhost", 1).await.expect("addresses").is_empty());
    }
}
