//! The kernel's announcements of devices: a netlink socket that PID 1 reads.
//!
//! Format: Documentation/core-api/kobject.rst and lib/kobject_uevent.c of Linux: a header `add@/devices/...`,
//! then `KEY=value` pairs, each ended by a zero byte.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with, sockopt};

use crate::Result;
use crate::error::failed;

/// Announcements wait here while nobody reads; a busy machine with many devices sends some thousand at once.
const QUEUE_BYTES: usize = 4 << 20;
/// An announcement is at most 2 KiB of pairs (UEVENT_BUFFER_SIZE) and the path in front of them.
const MESSAGE_BYTES: usize = 8192;

/// The socket.
#[derive(Debug)]
pub struct Uevents {
    socket: OwnedFd,
}

/// What came from the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// An announcement, as the kernel sent it.
    Message(Vec<u8>),
    /// The queue overflowed: some were lost, so look at all devices again.
    Lost,
    /// Nothing is waiting.
    Nothing,
}

impl Uevents {
    /// Listens from now on.
    pub fn new() -> Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(KOBJECT_UEVENT))
            .map_err(failed("socket", "NETLINK_KOBJECT_UEVENT"))?;
        // Needs no privilege beyond PID 1's; without it the default size serves small machines.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, QUEUE_BYTES);
        // Group 1 is the kernel's; group 2 would be udev's.
        bind(&socket, &SocketAddrNetlink::new(0, 1)).map_err(failed("bind", "NETLINK_KOBJECT_UEVENT"))?;
        Ok(Self { socket })
    }

    /// The next announcement. Messages that do not come from the kernel itself are skipped.
    pub fn next(&self) -> Result<Received> {
        let mut buffer = [0u8; MESSAGE_BYTES];
        loop {
            match recvfrom(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((length, _, sender)) => {
                    let from = sender.and_then(|any| SocketAddrNetlink::try_from(any).ok());
                    if from.is_some_and(|address| address.pid() == 0) {
                        return Ok(Received::Message(buffer.get(..length).unwrap_or_default().to_vec()));
                    }
                }
                Err(Errno::AGAIN) => return Ok(Received::Nothing),
                Err(Errno::NOBUFS) => return Ok(Received::Lost),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(failed("recvfrom", "NETLINK_KOBJECT_UEVENT")(errno)),
            }
        }
    }
}

impl AsFd for Uevents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
