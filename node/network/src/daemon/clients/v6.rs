//! DHCPv6 on a link: the state machine with its socket, which is bound to the link's own address.

use std::net::{Ipv6Addr, SocketAddrV6};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::{At, Family, Packet};
use crate::daemon::host;
use crate::dhcp::v6::{Client, Event, LARGEST, Output};

/// All servers and relays of a link (RFC 8415 section 7.1).
const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const SERVER_PORT: u16 = 547;
const CLIENT_PORT: u16 = 546;

/// A client that runs.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) client: Client,
    own: Option<Ipv6Addr>,
    socket: Option<Socket>,
}

/// A socket, and the task that reads it.
#[derive(Debug)]
struct Socket {
    /// Sends at once; the runtime's own would first wait to be told that it may.
    sender: std::net::UdpSocket,
    reader: JoinHandle<()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Runner {
    pub(super) fn new(client: Client) -> Self {
        Self { client, own: None, socket: None }
    }

    /// Says which address the link has by itself; `None` while it has none or carries no packets. True if what is said
    /// of the client changed.
    pub(super) fn set_own(&mut self, at: &At<'_>, own: Option<Ipv6Addr>) -> bool {
        if self.own == own {
            return false;
        }
        let was_up = self.own.is_some();
        self.own = own;
        self.socket = None;
        let mut changed = was_up && self.handle(at, Event::LinkDown);
        changed |= own.is_some() && self.handle(at, Event::LinkUp);
        changed
    }

    /// Lets something happen. True if the lease changed, or the phase, which the state tells.
    pub(super) fn handle(&mut self, at: &At<'_>, event: Event<'_>) -> bool {
        let before = self.client.phase();
        let outputs = self.client.handle(host::now(), event);
        let mut changed = before != self.client.phase();
        for output in outputs {
            match output {
                Output::Send(payload) => {
                    if self.socket.is_none() {
                        // The kernel first finds out whether another machine has the link's own address, which takes a
                        // second; until then this fails, and the message is repeated.
                        self.socket = self.own.and_then(|own| open(at, own).ok());
                    }
                    if let Some(socket) = &self.socket {
                        let to = SocketAddrV6::new(SERVERS, SERVER_PORT, 0, at.index);
                        at.tell(socket.sender.send_to(&payload, to));
                    }
                }
                Output::Bound(lease) => {
                    at.say(&format!("{} of IPv6", lease.address));
                    changed = true;
                }
                Output::Lost => {
                    at.say("no lease of IPv6 any longer");
                    changed = true;
                }
            }
        }
        if !self.client.is_listening() {
            self.socket = None;
        }
        changed
    }
}

fn open(at: &At<'_>, own: Ipv6Addr) -> std::io::Result<Socket> {
    let sender = std::net::UdpSocket::bind(SocketAddrV6::new(own, CLIENT_PORT, 0, at.index))?;
    sender.set_nonblocking(true)?;
    let reading = UdpSocket::from_std(sender.try_clone()?)?;
    let (link, packets) = (at.name.to_owned(), at.packets.clone());
    let reader = tokio::spawn(async move {
        // One byte more than is read, so that what is too long is seen to be.
        let mut buffer = [0; LARGEST + 1];
        loop {
            let received = reading.recv_from(&mut buffer).await;
            if let Ok((length, sender)) = received
                && sender.port() == SERVER_PORT
            {
                let payload = buffer.get(..length).unwrap_or_default().to_vec();
                // A flood may fill the queue; servers answer again.
                let _ = packets.try_send(Packet { link: link.clone(), family: Family::V6, payload });
            }
            // Others have their turn between any two packets.
            tokio::task::yield_now().await;
        }
    });
    Ok(Socket { sender, reader })
}
