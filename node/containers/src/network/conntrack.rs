//! What the kernel remembers of the connections of a workload that is gone. Somebody who goes on sending keeps it alive,
//! and it leads those packets to an address that nobody has any more, or another workload.
//!
//! Format: nfnetlink (linux/netfilter/nfnetlink.h), subsystem ctnetlink (linux/netfilter/nfnetlink_conntrack.h).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto, socket_with,
};

/// Bytes of the largest message: the kernel fills what it is given, up to 32 KiB (NLMSG_GOODSIZE, af_netlink.c).
const LARGEST: usize = 32 * 1024;
/// Bytes of struct nlmsghdr, and with struct nfgenmsg.
const HEADER: usize = 16;
const HEADERS: usize = 20;
/// Of nlmsg_type: the subsystem, and its messages.
const SUBSYSTEM: u16 = 1 << 8;
const GET: u16 = SUBSYSTEM | 1;
const DELETE: u16 = SUBSYSTEM | 2;
/// Messages of netlink itself.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// Flags of nlmsg_flags.
const REQUEST: u16 = 1;
const ACK: u16 = 4;
const DUMP: u16 = 0x300;
/// Attributes of an entry.
const TUPLE_ORIG: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const ID: u16 = 12;
const ZONE: u16 = 18;
/// Attribute of a tuple; those in it are the addresses, 1 to 4.
const TUPLE_IP: u16 = 1;

/// Has the kernel forget all connections of these addresses.
///
/// # Errors
/// If it refuses, or knows nothing of this.
pub(super) fn forget(addresses: &[IpAddr]) -> Result<(), Errno> {
    if addresses.is_empty() {
        return Ok(());
    }
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::NETFILTER))?;
    bind(&socket, &SocketAddrNetlink::new(0, 0))?;
    send(&socket, &message(GET, REQUEST | DUMP, 0, &[]))?;
    let mut found = Vec::new();
    answers(&socket, |entry| found.extend(deletion(entry, addresses)))?;
    for deletion in found {
        send(&socket, &deletion)?;
        match answers(&socket, |_| {}) {
            // It ran out meanwhile.
            Err(Errno::NOENT) => {}
            answer => answer?,
        }
    }
    Ok(())
}

fn send(socket: &OwnedFd, message: &[u8]) -> Result<(), Errno> {
    sendto(socket, message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).map(drop)
}

/// Hears answers to one message until the last.
fn answers(socket: &OwnedFd, mut each: impl FnMut(&[u8])) -> Result<(), Errno> {
    let mut buffer = vec![0; LARGEST];
    loop {
        let length = match recvfrom(socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((length, _, sender)) if is_kernel(sender.as_ref()) => length,
            Ok(_) | Err(Errno::INTR) => continue,
            Err(error) => return Err(error),
        };
        for piece in messages(buffer.get(..length).unwrap_or_default()) {
            match kind(piece) {
                DONE => return Ok(()),
                ERROR => {
                    let code = piece.get(HEADER..).and_then(number);
                    return match code.map_or(0, i32::from_ne_bytes) {
                        0 => Ok(()),
                        code => Err(Errno::from_raw_os_error(code.saturating_abs())),
                    };
                }
                _ => each(piece),
            }
        }
    }
}

/// Anybody may send to a netlink socket; only the kernel has number 0.
fn is_kernel(sender: Option<&rustix::net::SocketAddrAny>) -> bool {
    let address = sender.and_then(|any| SocketAddrNetlink::try_from(any.clone()).ok());
    address.is_some_and(|address| address.pid() == 0)
}

/// The type of a message.
fn kind(message: &[u8]) -> u16 {
    message.get(4..).and_then(number).map_or(0, u16::from_ne_bytes)
}

/// What makes the kernel forget an entry, if that is of one of these addresses.
fn deletion(entry: &[u8], addresses: &[IpAddr]) -> Option<Vec<u8>> {
    let family = *entry.get(HEADER)?;
    let of_entry = attributes(entry.get(HEADERS..)?);
    let is_theirs = of_entry
        .iter()
        .filter(|(kind, _)| [TUPLE_ORIG, TUPLE_REPLY].contains(kind))
        .flat_map(|(_, tuple)| attributes(content(tuple)))
        .filter(|(kind, _)| *kind == TUPLE_IP)
        .flat_map(|(_, ends)| attributes(content(ends)))
        .any(|(_, end)| address(content(end)).is_some_and(|address| addresses.contains(&address)));
    // The number tells it from one that took its place meanwhile.
    let named = of_entry.iter().filter(|(kind, _)| [TUPLE_ORIG, ID, ZONE].contains(kind));
    let named: Vec<u8> = named.flat_map(|(_, whole)| padded(whole)).collect();
    is_theirs.then(|| message(DELETE, REQUEST | ACK, family, &named))
}

fn message(kind: u16, flags: u16, family: u8, attributes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADERS + attributes.len()).unwrap_or(u32::MAX);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // Sequence, port; then the family, the version and what is unused here.
    message.extend([0; 8]);
    message.extend([family, 0, 0, 0]);
    message.extend(attributes);
    message
}

/// The attributes of something by their kinds, each with its header.
fn attributes(bytes: &[u8]) -> Vec<(u16, &[u8])> {
    /// Flags in the kind: nested, and in the order of the network.
    const FLAGS: u16 = 0xc000;
    let kind = |whole: &[u8]| Some(u16::from_ne_bytes(number(whole.get(2..)?)?) & !FLAGS);
    let wholes = pieces(bytes, |bytes| number(bytes).map(|length| u16::from_ne_bytes(length).into()));
    wholes.filter_map(|whole| Some((kind(whole)?, whole))).collect()
}

fn content(attribute: &[u8]) -> &[u8] {
    attribute.get(4..).unwrap_or_default()
}

fn padded(attribute: &[u8]) -> Vec<u8> {
    let mut padded = attribute.to_vec();
    padded.resize(attribute.len().next_multiple_of(4), 0);
    padded
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|octets| Ipv4Addr::from(octets).into());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|octets| Ipv6Addr::from(octets).into())).ok()
}

/// A number that something begins with.
fn number<const BYTES: usize>(bytes: &[u8]) -> Option<[u8; BYTES]> {
    bytes.get(..BYTES)?.try_into().ok()
}

/// Cuts bytes into pieces, each of which says its length at its beginning.
fn pieces(mut bytes: &[u8], length: impl Fn(&[u8]) -> Option<usize>) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = length(bytes)?;
        // Both kinds have headers of 4 bytes at least.
        let piece = bytes.get(..length).filter(|piece| piece.len() >= 4)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(piece)
    })
}

fn messages(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    pieces(bytes, |bytes| number(bytes).map(|length| u32::from_ne_bytes(length) as usize))
}
