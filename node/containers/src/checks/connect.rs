//! Connections to a container.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use corten_sys::netns;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use tokio::net::{TcpSocket, TcpStream};

/// Where a container is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this address, from the node.
    Address(IpAddr),
    /// At 127.0.0.1 in the network namespace of this path. Its loopback interface has to be up.
    Namespace(PathBuf),
}

impl Place {
    /// A container with the node's own network.
    pub fn node() -> Self {
        Self::Address(Ipv4Addr::LOCALHOST.into())
    }

    /// The address and a port of the container.
    pub(super) fn address(&self, port: u16) -> SocketAddr {
        match self {
            Self::Address(address) => (*address, port).into(),
            Self::Namespace(_) => (Ipv4Addr::LOCALHOST, port).into(),
        }
    }
}

/// Connects to a port of the container.
pub(super) async fn connect(place: &Place, port: u16) -> io::Result<TcpStream> {
    let address = place.address(port);
    match place {
        Place::Address(_) => TcpStream::connect(address).await,
        Place::Namespace(path) => {
            let path = path.clone();
            // Entering a namespace takes a thread of its own, which is waited for.
            let socket = tokio::task::spawn_blocking(move || netns::within(&path, socket)).await?;
            let socket = socket.map_err(|error| io::Error::other(error.to_string()))??;
            // It belongs to the namespace that it was made in, wherever it is used.
            TcpSocket::from_std_stream(OwnedFd::into(socket)).connect(address).await
        }
    }
}

/// A TCP socket for IPv4 that is not connected and never blocks.
fn socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?)
}

/// The words of the system without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    // What is not the system's own may have names in it.
    if error.raw_os_error().is_some() { words.to_lowercase() } else { words.into() }
}
