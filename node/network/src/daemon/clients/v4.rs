//! DHCPv4 on a link: the state machine with its sockets. Packets come by AF_PACKET in every phase, past the firewall and
//! before there is an address; what goes to one server once there is an address goes by UDP and the kernel's routes.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use corten_sys::packet::{self, Instruction};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::unix::AsyncFd;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{At, Family, Packet};
use crate::daemon::host;
use crate::dhcp::v4::{Client, Event, Output, To, frame};
use crate::ready::ready;

const EVERYBODY: [u8; 6] = [255; 6];

/// A client that runs.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) client: Client,
    is_up: bool,
    socket: Option<Socket>,
}

/// A socket that listens, and the task that reads it.
#[derive(Debug)]
struct Socket {
    packets: Arc<AsyncFd<OwnedFd>>,
    reader: JoinHandle<()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Runner {
    pub(super) fn new(client: Client) -> Self {
        Self { client, is_up: false, socket: None }
    }

    /// Says whether the link carries packets. True if what is said of the client changed.
    pub(super) fn set_up(&mut self, at: &At<'_>, is_up: bool) -> bool {
        if self.is_up == is_up {
            return false;
        }
        self.is_up = is_up;
        self.handle(at, if is_up { Event::LinkUp } else { Event::LinkDown })
    }

    /// Lets something happen. True if the lease changed, or the phase, which the state tells.
    pub(super) fn handle(&mut self, at: &At<'_>, event: Event<'_>) -> bool {
        let before = self.client.phase();
        let outputs = self.client.handle(host::now(), event);
        if self.client.is_listening() && self.socket.is_none() {
            self.socket = at.tell(open(at));
        }
        let mut changed = before != self.client.phase();
        for output in outputs {
            match output {
                Output::Send { payload, from, to } => {
                    at.tell(self.send(at, &payload, from, to));
                }
                Output::Bound(lease) => {
                    at.say(&format!("{} from {}", lease.address, lease.server));
                    changed = true;
                }
                Output::Lost => {
                    at.say("no lease of IPv4 any longer");
                    changed = true;
                }
            }
        }
        if !self.client.is_listening() {
            self.socket = None;
        }
        changed
    }

    fn send(&self, at: &At<'_>, payload: &[u8], from: Ipv4Addr, to: To) -> std::io::Result<()> {
        match to {
            To::Link => {
                // Why there is none was said when it could not be opened.
                let Some(socket) = &self.socket else { return Ok(()) };
                let bytes = frame::wrap(payload, from, Ipv4Addr::BROADCAST);
                packet::send(socket.packets.get_ref(), at.index, EVERYBODY, &bytes)
                    .map_err(|error| std::io::Error::from(error.errno))
            }
            To::Server(server) => {
                let socket = std::net::UdpSocket::bind((from, frame::CLIENT_PORT))?;
                socket.set_nonblocking(true)?;
                UdpSocket::from_std(socket.try_clone()?)?.bind_device(Some(at.name.as_bytes()))?;
                socket.send_to(payload, SocketAddr::from((server, frame::SERVER_PORT)))?;
                Ok(())
            }
        }
    }
}

/// Opens the socket of a client and begins to read it.
fn open(at: &At<'_>) -> std::io::Result<Socket> {
    let socket = packet::listen(at.index, &FOR_CLIENTS).map_err(|error| std::io::Error::from(error.errno))?;
    let socket = Arc::new(ready(socket)?);
    let reader = tokio::spawn(read(Arc::clone(&socket), at.name.to_owned(), at.packets.clone()));
    Ok(Socket { packets: socket, reader })
}

async fn read(socket: Arc<AsyncFd<OwnedFd>>, link: String, packets: mpsc::Sender<Packet>) {
    let mut buffer = [0; frame::LARGEST_PACKET];
    while let Ok(mut guard) = socket.readable().await {
        match recv(guard.get_inner(), &mut buffer[..], RecvFlags::empty()) {
            Ok((length, _)) => {
                if let Some(payload) = buffer.get(..length).and_then(frame::unwrap) {
                    // A flood may fill the queue; servers answer again.
                    let _ = packets.try_send(Packet {
                        link: link.clone(),
                        family: Family::V4,
                        payload: payload.to_vec(),
                    });
                }
                // Others have their turn between any two packets.
                tokio::task::yield_now().await;
            }
            Err(Errno::AGAIN) => guard.clear_ready(),
            Err(Errno::INTR) => {}
            Err(_) => {
                // The link went down, and the socket says so once.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Lets UDP packets for port 68 through that are no later part of a fragmented one (BPF, by offsets in the IP header).
const FOR_CLIENTS: [Instruction; 9] = [
    // The protocol is UDP.
    step(0x30, 0, 0, 9),
    step(0x15, 0, 6, 17),
    // It is not a fragment.
    step(0x28, 0, 0, 6),
    step(0x45, 4, 0, 0x3fff),
    // The length of the header goes to the index register; two bytes behind it lies the port.
    step(0xb1, 0, 0, 0),
    step(0x48, 0, 0, 2),
    step(0x15, 0, 1, frame::CLIENT_PORT as u32),
    step(0x06, 0, 0, frame::LARGEST_PACKET as u32),
    step(0x06, 0, 0, 0),
];

const fn step(code: u16, then: u8, otherwise: u8, operand: u32) -> Instruction {
    Instruction { code, then, otherwise, operand }
}
