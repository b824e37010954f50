//! Asks the kernel for all addresses, routes or links: one rtnetlink dump on a socket that lives no longer than the
//! question. Formats: netlink(7), rtnetlink(7).

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};

use super::FactError;

/// Bytes that the kernel sends at once: 32 KiB at most, as of `netlink_dump`.
const BUFFER: usize = 32 << 10;
/// Messages that are taken. A router of the whole Internet has more routes, and nobody reads them in a list.
const MAX_MESSAGES: usize = 1 << 14;
/// The kernel answers at once; a node that is out of memory may not.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of the header of a message.
const HEADER: usize = 16;

/// What one datagram of a dump holds.
#[derive(Debug, Default)]
pub struct Part {
    /// Messages that could be read. One that can't is left out: a newer kernel may say more than we know.
    pub messages: Vec<RouteNetlinkMessage>,
    /// How the dump ended, if it did: 0, or the kernel's number of an error.
    pub end: Option<i32>,
}

/// All that the kernel has of what `request` asks for.
pub fn dump(what: &'static str, request: RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>, FactError> {
    try_dump(request).map_err(|error| FactError::Netlink { what, error })
}

/// Names of links by their index.
pub fn link_names() -> Result<BTreeMap<u32, String>, FactError> {
    let links = dump("links", RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
    let named = links.into_iter().filter_map(|message| match message {
        RouteNetlinkMessage::NewLink(link) => Some(link),
        _ => None,
    });
    let name = |link: LinkMessage| {
        let index = link.header.index;
        link.attributes.into_iter().find_map(|attribute| match attribute {
            LinkAttribute::IfName(name) => Some((index, name)),
            _ => None,
        })
    };
    Ok(named.filter_map(name).collect())
}

fn try_dump(request: RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
    let kind = SocketType::RAW;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, kind, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(PATIENCE))?;
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(request));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.header.sequence_number = 1;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    rustix::net::sendto(&socket, &bytes, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut messages = Vec::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let (length, _) = rustix::net::recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        let part = parse(buffer.get(..length).unwrap_or_default());
        messages.extend(part.messages);
        match part.end {
            Some(0) => return Ok(messages),
            Some(code) => return Err(io::Error::from_raw_os_error(code.saturating_abs())),
            None if length == 0 || messages.len() >= MAX_MESSAGES => return Ok(messages),
            None => {}
        }
    }
}

/// Reads one datagram.
pub fn parse(mut bytes: &[u8]) -> Part {
    let mut part = Part::default();
    while let Some(length) = message_length(bytes) {
        let (message, rest) = bytes.split_at(length);
        if let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(message) {
            match message.payload {
                NetlinkPayload::InnerMessage(inner) => part.messages.push(inner),
                NetlinkPayload::Error(error) => part.end = Some(error.raw_code()),
                NetlinkPayload::Done(done) => part.end = Some(done.code),
                _ => {}
            }
        }
        // Messages begin at multiples of four bytes.
        bytes = rest.get(length.next_multiple_of(4) - length..).unwrap_or_default();
    }
    part
}

/// Bytes of the first message; `None` where there is none that is whole.
fn message_length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_ne_bytes(bytes.first_chunk::<4>().copied()?) as usize;
    (length >= HEADER && length <= bytes.len()).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_machine_has_a_loopback() {
        let names = link_names().expect("links");
        assert!(names.values().any(|name| name == "lo"), "{names:?}");
    }

    #[test]
    fn the_end_of_a_dump_is_seen_and_a_rest_is_left() {
        let mut bytes = Vec::new();
        for (kind, payload) in [(1_u16, &[][..]), (3, &0_i32.to_ne_bytes())] {
            bytes.extend((16 + payload.len() as u32).to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend([0; 10]);
            bytes.extend(payload);
        }
        assert_eq!(parse(&bytes).end, Some(0));
        assert_eq!(parse(&bytes[..bytes.len() - 1]).end, None);
    }

    proptest! {
        #[test]
        fn lengths_that_lie_are_left(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            // Bodies are the kernel's and not tried here: what reads them takes them for whole.
            if let Some(length) = message_length(&bytes) {
                prop_assert!(length >= HEADER && length <= bytes.len());
            }
        }
    }
}
