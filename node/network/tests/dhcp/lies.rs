//! Answers of a server of IPv4, and what a liar answers in its place.

use std::net::Ipv4Addr;

use corten_network::dhcp::v4::parse;
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode};
use dhcproto::{Encodable, Encoder};

/// The server.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const LIAR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 66);
const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

/// What the liar says.
#[derive(Clone, Copy, Debug)]
pub enum Lie {
    Acknowledges,
    Refuses,
    OtherTransaction,
    OtherCard,
    NoTime,
    NoServer,
    Nonsense,
}

/// Whether damage left alone who leases what for how long. The checksum of UDP keeps all damage from the client; this is
/// about the rest of a message, which may be anything.
pub fn is_harmless(damaged: &[u8], answer: &[u8]) -> bool {
    let Ok(whole) = parse(answer) else { return false };
    parse(damaged).is_ok_and(|reply| {
        let times = reply.parameters.lease <= whole.parameters.lease;
        times && (reply.server, reply.kind) == (whole.server, whole.kind)
    })
}

/// An answer to a request of the client.
pub fn reply(
    request: &Message,
    kind: MessageType,
    address: Ipv4Addr,
    server: Option<Ipv4Addr>,
    seconds: Option<u32>,
) -> Vec<u8> {
    let mut message = Message::new_with_id(
        request.xid(),
        Ipv4Addr::UNSPECIFIED,
        address,
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::UNSPECIFIED,
        request.chaddr(),
    );
    message.set_opcode(Opcode::BootReply);
    let options = message.opts_mut();
    options.insert(DhcpOption::MessageType(kind));
    options.insert(DhcpOption::SubnetMask(MASK));
    options.insert(DhcpOption::Router(vec![SERVER]));
    server.map(|server| options.insert(DhcpOption::ServerIdentifier(server)));
    seconds.map(|seconds| options.insert(DhcpOption::AddressLeaseTime(seconds)));
    let mut bytes = Vec::new();
    message.encode(&mut Encoder::new(&mut bytes)).expect("it fits");
    bytes
}

/// What the liar answers.
pub fn forge(request: &Message, lie: Lie) -> Vec<u8> {
    let mine = Ipv4Addr::new(203, 0, 113, 7);
    let mut other = request.clone();
    match lie {
        Lie::Acknowledges => reply(request, MessageType::Ack, mine, Some(LIAR), Some(9_999)),
        Lie::Refuses => reply(request, MessageType::Nak, Ipv4Addr::UNSPECIFIED, None, None),
        Lie::OtherTransaction => {
            other.set_xid(request.xid() ^ 1);
            reply(&other, MessageType::Ack, mine, Some(SERVER), Some(9_999))
        }
        Lie::OtherCard => {
            other.set_chaddr(&[2, 0, 0, 0, 0, 2]);
            reply(&other, MessageType::Ack, mine, Some(SERVER), Some(9_999))
        }
        Lie::NoTime => reply(request, MessageType::Offer, mine, Some(LIAR), Some(0)),
        Lie::NoServer => reply(request, MessageType::Ack, mine, None, Some(9_999)),
        Lie::Nonsense => vec![0xff; 400],
    }
}
