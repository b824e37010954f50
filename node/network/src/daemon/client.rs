//! DHCP clients of links: the state machines with their sockets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use corten_sys::packet::{self, Instruction};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::unix::AsyncFd;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::host;
use super::leases::{Memory, Remembered};
use crate::dhcp::v4::{Client, Event, Identity, Output, To, frame};
use crate::netlink::Advertised;
use crate::plan::{LinkLease, Observed, Wanted};
use crate::ready::ready;

/// Metric of the routes of a lease, to which the number of the link is added: links that compete are told apart, always
/// the same way.
const METRIC: u32 = 1024;
const EVERYBODY: [u8; 6] = [255; 6];
/// Name servers of routers that are remembered.
const MOST_ADVERTISED: usize = 32;

/// A packet that a socket of a client read.
#[derive(Debug)]
pub(super) struct Packet {
    link: String,
    payload: Vec<u8>,
}

/// What servers and routers offer beside addresses.
#[derive(Debug, Default)]
pub(super) struct Offered {
    pub(super) dns: Vec<IpAddr>,
    pub(super) search: Vec<String>,
    pub(super) ntp: Vec<IpAddr>,
    pub(super) hostname: Option<String>,
}

/// All clients.
#[derive(Debug)]
pub(super) struct Clients {
    links: BTreeMap<String, Running>,
    /// What an earlier process leased.
    memory: Memory,
    packets: mpsc::Sender<Packet>,
    /// Name servers that routers advertise, by link and address, with the time at which each ends.
    advertised: BTreeMap<(u32, std::net::Ipv6Addr), Option<u64>>,
}

#[derive(Debug)]
struct Running {
    index: u32,
    client: Client,
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

impl Clients {
    pub(super) fn new(memory: Memory, packets: mpsc::Sender<Packet>) -> Self {
        Self { links: BTreeMap::new(), memory, packets, advertised: BTreeMap::new() }
    }

    /// Starts, stops and tells clients what became of their links. True if there are leases that were not there, or the
    /// other way round.
    pub(super) fn follow(&mut self, observed: &Observed, wanted: &Wanted, hostname: Option<&str>) -> bool {
        let mut changed = false;
        let is_wanted = |name: &str| wanted.links.get(name).is_some_and(|link| link.dhcp4);
        let names: Vec<String> = self.links.keys().cloned().collect();
        for name in names {
            let Some(link) = observed.links.get(&name) else {
                changed |= self.forget(&name);
                continue;
            };
            if !is_wanted(&name) {
                changed |= self.handle(&name, Event::Stop);
                self.links.remove(&name);
                self.memory.links.remove(&name);
            } else if self.links.get(&name).is_some_and(|running| running.index != link.index) {
                changed |= self.forget(&name);
            }
        }
        for (name, link) in observed.links.iter().filter(|(name, _)| is_wanted(name)) {
            let Some(mac) = link.mac else { continue };
            let identity = Identity { mac, hostname: hostname.map(ToOwned::to_owned) };
            if self.links.get(name).is_none_or(|running| *running.client.identity() != identity) {
                self.forget(name);
                changed = true;
                let lease = self.remembered(name, mac);
                let client = Client::new(identity, lease);
                self.links
                    .insert(name.clone(), Running { index: link.index, client, is_up: false, socket: None });
            }
            let Some(running) = self.links.get_mut(name) else { continue };
            if running.is_up != link.carrier {
                running.is_up = link.carrier;
                let event = if link.carrier { Event::LinkUp } else { Event::LinkDown };
                changed |= self.handle(name, event);
            }
        }
        changed
    }

    /// Drops a client and keeps its lease, in case that the link comes back. True if it had one.
    fn forget(&mut self, name: &str) -> bool {
        let Some(running) = self.links.remove(name) else { return false };
        let lease = running.client.lease().cloned();
        let had_one = lease.is_some();
        let remembered = Remembered { mac: running.client.identity().mac, v4: lease };
        self.memory.links.insert(name.to_owned(), remembered);
        had_one
    }

    fn remembered(&mut self, name: &str, mac: [u8; 6]) -> Option<crate::dhcp::v4::Lease> {
        let remembered = self.memory.links.remove(name).filter(|remembered| remembered.mac == mac)?;
        remembered.v4.filter(|lease| !lease.is_over(host::now().ms))
    }

    /// Hands a packet to its client. True if a lease changed.
    pub(super) fn receive(&mut self, packet: &Packet) -> bool {
        self.handle(&packet.link, Event::Received(&packet.payload))
    }

    /// Lets clients do what is due. True if a lease changed, or name servers ended.
    pub(super) fn tick(&mut self) -> bool {
        let now = host::now().ms;
        let is_due = |running: &Running| running.client.deadline().is_some_and(|time| time <= now);
        let due: Vec<String> =
            self.links.iter().filter(|(_, running)| is_due(running)).map(|(name, _)| name.clone()).collect();
        let mut changed = false;
        for name in due {
            changed |= self.handle(&name, Event::Tick);
        }
        let before = self.advertised.len();
        self.advertised.retain(|_, end| end.is_none_or(|end| end > now));
        changed || self.advertised.len() != before
    }

    /// When [`Clients::tick`] is wanted at the latest, in milliseconds of the clock.
    pub(super) fn deadline(&self) -> Option<u64> {
        let clients = self.links.values().filter_map(|running| running.client.deadline());
        clients.chain(self.advertised.values().copied().flatten()).min()
    }

    fn handle(&mut self, name: &str, event: Event<'_>) -> bool {
        let Some(running) = self.links.get_mut(name) else { return false };
        let before = running.client.phase();
        let outputs = running.client.handle(host::now(), event);
        if running.client.is_listening() && running.socket.is_none() {
            running.socket = match open(name, running.index, self.packets.clone()) {
                Ok(socket) => Some(socket),
                Err(error) => {
                    host::log(&format!("DHCP on {name}: {error}"));
                    None
                }
            };
        }
        let mut changed = false;
        for output in outputs {
            match output {
                Output::Send { payload, from, to } => {
                    if let Err(error) = running.send(name, &payload, from, to) {
                        host::log(&format!("DHCP on {name}: {error}"));
                    }
                }
                Output::Bound(lease) => {
                    host::log(&format!("DHCP on {name}: {} from {}", lease.address, lease.server));
                    changed = true;
                }
                Output::Lost => {
                    host::log(&format!("DHCP on {name}: no lease any longer"));
                    changed = true;
                }
            }
        }
        if !running.client.is_listening() {
            running.socket = None;
        }
        // What the state says of a client is its phase.
        changed || before != running.client.phase()
    }

    /// Takes name servers of a router.
    pub(super) fn advertise(&mut self, advertised: &Advertised, now_ms: u64) {
        for server in &advertised.servers {
            let key = (advertised.index, *server);
            match advertised.seconds {
                0 => {
                    self.advertised.remove(&key);
                }
                u32::MAX => {
                    self.advertised.insert(key, None);
                }
                seconds => {
                    self.advertised.insert(key, Some(now_ms + u64::from(seconds) * 1000));
                }
            }
        }
        // A router that lies all day must not fill the memory; what ends first goes first.
        while self.advertised.len() > MOST_ADVERTISED {
            let first = self.advertised.iter().min_by_key(|(_, end)| end.unwrap_or(u64::MAX));
            let Some(key) = first.map(|(key, _)| *key) else { break };
            self.advertised.remove(&key);
        }
    }

    /// Leases for a plan.
    pub(super) fn leases(&self) -> BTreeMap<String, LinkLease> {
        let lease = |running: &Running| LinkLease {
            metric: METRIC + running.index,
            v4: running.client.lease().cloned(),
        };
        self.links.iter().map(|(name, running)| (name.clone(), lease(running))).collect()
    }

    /// When the lease of a link ends.
    pub(super) fn lease_end(&self, name: &str) -> Option<u64> {
        self.links.get(name)?.client.lease()?.expires_ms
    }

    /// What the client of a link is doing.
    pub(super) fn phase(&self, name: &str) -> Option<&'static str> {
        Some(self.links.get(name)?.client.phase().name())
    }

    /// What is offered beside addresses: of all leases, by the names of their links, then of routers, of the links that
    /// `takes` names.
    pub(super) fn offered(&self, takes: impl Fn(u32) -> bool) -> Offered {
        let mut offered = Offered::default();
        for lease in self.links.values().filter_map(|running| running.client.lease()) {
            offered.dns.extend(lease.dns.iter().copied().map(IpAddr::from));
            offered.search.extend(lease.search.iter().cloned());
            offered.ntp.extend(lease.ntp.iter().copied().map(IpAddr::from));
            offered.hostname = offered.hostname.or_else(|| lease.hostname.clone());
        }
        let servers = self.advertised.keys().filter(|(index, _)| takes(*index));
        offered.dns.extend(servers.map(|(_, server)| IpAddr::from(*server)));
        offered
    }

    /// What the next process has to know.
    pub(super) fn memory(&self) -> Memory {
        let mut memory = self.memory.clone();
        for (name, running) in &self.links {
            let v4 = running.client.lease().cloned();
            memory.links.insert(name.clone(), Remembered { mac: running.client.identity().mac, v4 });
        }
        memory.links.retain(|_, remembered| remembered.v4.is_some());
        memory
    }
}

impl Running {
    fn send(&self, name: &str, payload: &[u8], from: Ipv4Addr, to: To) -> std::io::Result<()> {
        match to {
            To::Link => {
                let socket = self.socket.as_ref().ok_or(std::io::ErrorKind::NotConnected)?;
                let bytes = frame::wrap(payload, from, Ipv4Addr::BROADCAST);
                packet::send(socket.packets.get_ref(), self.index, EVERYBODY, &bytes)
                    .map_err(|error| std::io::Error::from(error.errno))
            }
            To::Server(server) => {
                let socket = std::net::UdpSocket::bind((from, frame::CLIENT_PORT))?;
                socket.set_nonblocking(true)?;
                let bound = UdpSocket::from_std(socket.try_clone()?)?;
                bound.bind_device(Some(name.as_bytes()))?;
                socket.send_to(payload, SocketAddr::from((server, frame::SERVER_PORT)))?;
                Ok(())
            }
        }
    }
}

/// Opens the socket of a client and begins to read it.
fn open(name: &str, index: u32, packets: mpsc::Sender<Packet>) -> std::io::Result<Socket> {
    let socket = packet::listen(index, &FOR_CLIENTS).map_err(|error| std::io::Error::from(error.errno))?;
    let socket = Arc::new(ready(socket)?);
    let reader = tokio::spawn(read(Arc::clone(&socket), name.to_owned(), packets));
    Ok(Socket { packets: socket, reader })
}

async fn read(socket: Arc<AsyncFd<OwnedFd>>, link: String, packets: mpsc::Sender<Packet>) {
    let mut buffer = [0; frame::LARGEST_PACKET];
    while let Ok(mut guard) = socket.readable().await {
        match recv(guard.get_inner(), &mut buffer[..], RecvFlags::empty()) {
            Ok((length, _)) => {
                if let Some(payload) = buffer.get(..length).and_then(frame::unwrap) {
                    // A flood may fill the queue; servers answer again.
                    let _ = packets.try_send(Packet { link: link.clone(), payload: payload.to_vec() });
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
