//! A socket for requests: of protocol 0, which is NETLINK_ROUTE. The kernel answers at once, within the call that sends,
//! so nothing here is asynchronous.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use netlink_packet_core::{
    DecodeError, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto, socket_with,
};

/// Bytes of the largest message: the kernel fills what it is given, up to 32 KiB (NLMSG_GOODSIZE, af_netlink.c).
pub(super) const LARGEST: usize = 32 * 1024;
/// A dump during which something changed is asked for again this often.
const ATTEMPTS: usize = 5;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// The kernel refused, or the socket failed.
    #[error("{0}")]
    Refused(#[from] Errno),
    /// Things change faster than they can be listed.
    #[error("the list changed while it was read, {ATTEMPTS} times")]
    Unsteady,
    /// A link is not there.
    #[error("there is no link {0}")]
    NoLink(String),
    /// A file of `/proc/sys` can't be written.
    #[error("{path}: {error}")]
    Sysctl {
        /// The file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
}

/// A socket for requests.
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
    /// What of the last list could not be read.
    unread: Option<String>,
}

impl Netlink {
    /// Opens it, in the network namespace of this process.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn open() -> Result<Self, NetlinkError> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self { socket, sequence: 0, buffer: vec![0; LARGEST], unread: None })
    }

    /// Asks for one change.
    pub(super) fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> Result<(), NetlinkError> {
        self.send(message, NLM_F_REQUEST | NLM_F_ACK | flags)?;
        loop {
            let length = self.receive()?;
            let answers = messages(&self.buffer[..length]).filter_map(Result::ok);
            for message in answers.filter(|one| one.header.sequence_number == self.sequence) {
                if let NetlinkPayload::Error(answer) = message.payload {
                    return match answer.code {
                        None => Ok(()),
                        Some(code) => Err(Errno::from_raw_os_error(code.get().saturating_abs()).into()),
                    };
                }
            }
        }
    }

    /// Asks for a list: what `each` makes of its entries.
    pub(super) fn list<T>(
        &mut self,
        message: &RouteNetlinkMessage,
        each: impl Fn(RouteNetlinkMessage) -> Option<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        for _ in 0..ATTEMPTS {
            let mut list = Vec::new();
            self.send(message.clone(), NLM_F_REQUEST | NLM_F_DUMP)?;
            if self.entries(|entry| list.extend(each(entry)))? {
                return Ok(list);
            }
        }
        Err(NetlinkError::Unsteady)
    }

    /// What of the lists since the last call could not be read, which a newer kernel may say in another form. What it was
    /// about is missing from them.
    pub fn unread(&mut self) -> Option<String> {
        self.unread.take()
    }

    /// Reads entries until the list ends. False if something changed meanwhile.
    fn entries(&mut self, mut each: impl FnMut(RouteNetlinkMessage)) -> Result<bool, NetlinkError> {
        let mut is_steady = true;
        loop {
            let length = self.receive()?;
            for message in messages(&self.buffer[..length]) {
                let message = match message {
                    Ok(message) => message,
                    Err(error) => {
                        self.unread = Some(error.to_string());
                        continue;
                    }
                };
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                is_steady &= message.header.flags & NLM_F_DUMP_INTR == 0;
                match message.payload {
                    NetlinkPayload::InnerMessage(entry) => each(entry),
                    NetlinkPayload::Done(_) => return Ok(is_steady),
                    NetlinkPayload::Error(answer) => {
                        let code = answer.code.map_or(0, |code| code.get().saturating_abs());
                        return Err(Errno::from_raw_os_error(code).into());
                    }
                    _ => {}
                }
            }
        }
    }

    fn send(&mut self, message: RouteNetlinkMessage, flags: u16) -> Result<(), NetlinkError> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = NetlinkMessage::from(message);
        message.header.flags = flags;
        message.header.sequence_number = self.sequence;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        sendto(&self.socket, &bytes, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(())
    }

    fn receive(&mut self) -> Result<usize, NetlinkError> {
        loop {
            match recvfrom(&self.socket, &mut self.buffer[..], RecvFlags::empty()) {
                Ok((length, _, sender)) if is_kernel(sender.as_ref()) => return Ok(length),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Anybody may send to a netlink socket; only the kernel has number 0.
pub(super) fn is_kernel(sender: Option<&rustix::net::SocketAddrAny>) -> bool {
    sender
        .and_then(|any| SocketAddrNetlink::try_from(any.clone()).ok())
        .is_some_and(|address| address.pid() == 0)
}

/// The messages of a datagram.
fn messages(bytes: &[u8]) -> impl Iterator<Item = Result<NetlinkMessage<RouteNetlinkMessage>, DecodeError>> {
    pieces(bytes).map(NetlinkMessage::deserialize)
}

/// Cuts a datagram into messages by the lengths that these say.
pub(super) fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    /// Bytes of a message's header (struct nlmsghdr).
    const HEADER: usize = 16;
    std::iter::from_fn(move || {
        let length: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
        let length = u32::from_ne_bytes(length) as usize;
        let piece = bytes.get(..length).filter(|piece| piece.len() >= HEADER)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(piece)
    })
}
