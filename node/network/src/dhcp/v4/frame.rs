//! IPv4 and UDP around a DHCP message, for a link that has no address yet: the kernel can't send or receive for it, so
//! packets are built and checked here (RFC 791, RFC 768).

use std::net::Ipv4Addr;

use super::message::LARGEST;

/// UDP port of servers.
pub const SERVER_PORT: u16 = 67;
/// UDP port of clients.
pub const CLIENT_PORT: u16 = 68;
const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const UDP: u8 = 17;
/// Bytes of the largest packet that is read.
pub const LARGEST_PACKET: usize = LARGEST + UDP_HEADER + 60;

/// An IPv4 packet that carries `payload` from port 68 to port 67.
pub fn wrap(payload: &[u8], from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let udp_length = (UDP_HEADER + payload.len()) as u16;
    let mut packet = Vec::with_capacity(IP_HEADER + usize::from(udp_length));
    // Version 4 and five words of header; precedence of network control, as other clients set it.
    packet.extend([0x45, 0xc0]);
    packet.extend((IP_HEADER as u16 + udp_length).to_be_bytes());
    // No identification, no fragments, 64 hops.
    packet.extend([0, 0, 0x40, 0, 64, UDP, 0, 0]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    let header = checksum(sum(&packet));
    packet[10..12].copy_from_slice(&header.to_be_bytes());
    packet.extend(CLIENT_PORT.to_be_bytes());
    packet.extend(SERVER_PORT.to_be_bytes());
    packet.extend(udp_length.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    let total = pseudo_header(from, to, udp_length) + sum(&packet[IP_HEADER..]);
    // A sum of 0 is sent as its other form, since 0 means that there is none.
    let udp = match checksum(total) {
        0 => u16::MAX,
        sum => sum,
    };
    packet[IP_HEADER + 6..IP_HEADER + 8].copy_from_slice(&udp.to_be_bytes());
    packet
}

/// The payload of an IPv4 packet from port 67 to port 68. `None` if it is anything else, a fragment, cut off or damaged.
pub fn unwrap(packet: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| packet.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let first = *packet.first()?;
    let header = usize::from(first & 15) * 4;
    let total = usize::from(number(2)?);
    if first >> 4 != 4 || header < IP_HEADER || total > packet.len() || total < header + UDP_HEADER {
        return None;
    }
    // More fragments, or an offset.
    if number(6)? & 0x3fff != 0 || packet[9] != UDP || checksum(sum(&packet[..header])) != 0 {
        return None;
    }
    let address = |at: usize| -> Option<Ipv4Addr> {
        let bytes: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(bytes.into())
    };
    let (from, to) = (address(12)?, address(16)?);
    let datagram = &packet[header..total];
    let length = number(header + 4)?;
    if number(header)? != SERVER_PORT || number(header + 2)? != CLIENT_PORT {
        return None;
    }
    let datagram = datagram.get(..usize::from(length)).filter(|datagram| datagram.len() >= UDP_HEADER)?;
    let there = number(header + 6)?;
    let pseudo = pseudo_header(from, to, length);
    // A packet that never was on a wire, from the machine that this one is a guest of, has only the sum of the pseudo
    // header in it: the card would have done the rest (skbuff.h of Linux, CHECKSUM_PARTIAL).
    let is_whole = there == 0 || there == fold(pseudo) || checksum(pseudo + sum(datagram)) == 0;
    is_whole.then_some(&datagram[UDP_HEADER..])
}

fn pseudo_header(from: Ipv4Addr, to: Ipv4Addr, length: u16) -> u32 {
    sum(&from.octets()) + sum(&to.octets()) + u32::from(UDP) + u32::from(length)
}

/// Sum of 16-bit words. Bounded: packets have less than 65,536 bytes.
fn sum(bytes: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    bytes.chunks(2).map(word).sum()
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

fn checksum(sum: u32) -> u16 {
    !fold(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The packet as if a server had sent it.
    fn from_server(mut packet: Vec<u8>) -> Vec<u8> {
        // Swapping the ports leaves the sum as it is.
        packet[20..24].rotate_left(2);
        packet
    }

    proptest! {
        #[test]
        fn what_is_wrapped_is_unwrapped(
            payload in proptest::collection::vec(any::<u8>(), 0..600), from: u32, to: u32, padding in 0_usize..20,
        ) {
            let mut packet = from_server(wrap(&payload, from.into(), to.into()));
            packet.extend(vec![0; padding]);
            prop_assert_eq!(unwrap(&packet), Some(&payload[..]));
        }

        #[test]
        fn a_flipped_bit_is_seen(
            payload in proptest::collection::vec(any::<u8>(), 1..600), from: u32, at: prop::sample::Index, bit in 0_u8..8,
        ) {
            let mut packet = from_server(wrap(&payload, from.into(), Ipv4Addr::BROADCAST));
            let at = at.index(packet.len());
            packet[at] ^= 1 << bit;
            // A checksum that became 0 or the partial one by a flip can't be told apart.
            prop_assume!(!(26..28).contains(&at));
            prop_assert_eq!(unwrap(&packet), None);
        }

        #[test]
        fn anything_is_read_or_refused(packet in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = unwrap(&packet);
        }
    }

    #[test]
    fn a_sum_that_the_card_would_have_finished_is_taken() {
        let (from, to) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 9));
        let mut packet = from_server(wrap(b"hello", from, to));
        let partial = fold(pseudo_header(from, to, 13));
        packet[26..28].copy_from_slice(&partial.to_be_bytes());
        assert_eq!(unwrap(&packet), Some(&b"hello"[..]));
    }
}
