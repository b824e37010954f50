//! News of the kernel: that something changed, and the name servers that routers advertise (RFC 8106), which the kernel
//! hands on and does not keep.

use std::net::Ipv6Addr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with};
use tokio::io::unix::AsyncFd;

use crate::ready::ready;

use super::socket::{LARGEST, is_kernel, pieces};

/// Links, addresses of IPv4, routes of IPv4, addresses of IPv6, routes of IPv6, options of router advertisements: each
/// group is the bit of its number less one (rtnetlink.h).
const GROUPS: u32 = 1 << 0 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 19;
const NEW_USER_OPTION: u16 = 68;
/// The option that names servers (RFC 8106 section 5.1).
const SERVERS: u8 = 25;
/// Servers of one advertisement that are used.
const MOST_SERVERS: usize = 8;

/// A socket that hears news.
#[derive(Debug)]
pub struct Watch {
    socket: AsyncFd<OwnedFd>,
    buffer: Vec<u8>,
}

/// What came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Name servers that routers advertise.
    pub servers: Vec<Advertised>,
}

/// Name servers that a router advertises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// Number of the link.
    pub index: u32,
    /// Seconds that they may be used; 0 for no longer, the highest number for ever.
    pub seconds: u32,
    /// The servers.
    pub servers: Vec<Ipv6Addr>,
}

impl Watch {
    /// Hears from now on.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn open() -> std::io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(Self { socket: ready(socket)?, buffer: vec![0; LARGEST] })
    }

    /// Waits until something changed, and reads all there is. May be dropped at any time without losing anything but
    /// news, after which everything is looked at anyway.
    ///
    /// # Errors
    /// If the socket fails.
    pub async fn news(&mut self) -> std::io::Result<News> {
        let mut guard = self.socket.readable().await?;
        let mut news = News::default();
        loop {
            match recvfrom(guard.get_inner(), &mut self.buffer[..], RecvFlags::empty()) {
                Ok((length, _, sender)) if is_kernel(sender.as_ref()) => {
                    news.servers.extend(pieces(&self.buffer[..length]).filter_map(advertised));
                }
                Ok(_) | Err(Errno::INTR) => {}
                // What was lost would have said that something changed, which this says as well.
                Err(Errno::NOBUFS) => return Ok(news),
                Err(Errno::AGAIN) => {
                    guard.clear_ready();
                    return Ok(news);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Reads a message of the kernel about an option for name servers. `None` for anything else.
pub fn advertised(message: &[u8]) -> Option<Advertised> {
    // struct nlmsghdr, then struct nduseroptmsg: family, length of the options at 2, index at 4, 16 bytes in all.
    let kind = u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?);
    let body = message.get(16..)?;
    if kind != NEW_USER_OPTION || *body.first()? != 10 {
        return None;
    }
    let length = u16::from_ne_bytes(body.get(2..4)?.try_into().ok()?);
    let index = u32::from_ne_bytes(body.get(4..8)?.try_into().ok()?);
    let option = body.get(16..16 + usize::from(length))?;
    // Type, length in units of 8 bytes, two reserved bytes, seconds, addresses.
    let units = usize::from(*option.get(1)?);
    let option = option.get(..units * 8).filter(|option| option.first() == Some(&SERVERS))?;
    let seconds = u32::from_be_bytes(option.get(4..8)?.try_into().ok()?);
    let (servers, []) = option.get(8..)?.as_chunks::<16>() else { return None };
    let servers: Vec<Ipv6Addr> = servers
        .iter()
        .map(|bytes| Ipv6Addr::from(*bytes))
        .filter(|address| !address.is_unspecified() && !address.is_multicast() && !address.is_loopback())
        .take(MOST_SERVERS)
        .collect();
    (!servers.is_empty()).then_some(Advertised { index, seconds, servers })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(option: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 32];
        bytes[4..6].copy_from_slice(&NEW_USER_OPTION.to_ne_bytes());
        bytes[16] = 10;
        bytes[18..20].copy_from_slice(&(option.len() as u16).to_ne_bytes());
        bytes[20..24].copy_from_slice(&3_u32.to_ne_bytes());
        bytes.extend(option);
        bytes
    }

    #[test]
    fn servers_are_read() {
        let server: Ipv6Addr = "2001:db8::53".parse().expect("an address");
        let mut option = vec![25, 3, 0, 0, 0, 0, 2, 88];
        option.extend(server.octets());
        let expected = Advertised { index: 3, seconds: 600, servers: vec![server] };
        assert_eq!(advertised(&message(&option)), Some(expected));
        option[1] = 2;
        assert_eq!(advertised(&message(&option)), None);
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(option in proptest::collection::vec(any::<u8>(), 0..80), units in 0_u8..6) {
            let mut option = option;
            if let [kind, length, ..] = option.as_mut_slice() {
                (*kind, *length) = (25, units);
            }
            let _ = advertised(&message(&option));
            let _ = advertised(&option);
        }
    }
}
