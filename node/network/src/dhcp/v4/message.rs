//! Messages of DHCPv4 (RFC 2131 section 2, RFC 2132): what the client sends, and what it takes from a server.
//!
//! dhcproto stops at the first option that it can't read and asserts lengths in debug builds, so options are walked
//! here first: only those that the client uses, with lengths that make sense, go on to it.

use std::net::Ipv4Addr;

use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder, Name};
use ipnet::Ipv4Net;

use crate::dhcp::{is_domain, is_host};

/// Bytes of the largest message that is read: an Ethernet frame's. The client says so to the server (option 57).
pub const LARGEST: usize = 1500;
/// Bytes before the options: header and magic cookie.
const FIXED: usize = 240;
/// Where `sname` and `file` lie, which may hold options too (RFC 2132 section 9.3).
const SNAME: std::ops::Range<usize> = 44..108;
const FILE: std::ops::Range<usize> = 108..236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// The smallest message that old servers and relays take (RFC 1542 section 2.1).
const SMALLEST: usize = 300;
/// Entries of a list (servers, domains, routes) that are used; the rest is dropped.
const LONGEST_LIST: usize = 32;

/// Why a packet is no answer of a DHCP server. The client ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Shorter than the header.
    #[error("too short")]
    Short,
    /// Longer than [`LARGEST`].
    #[error("too long")]
    Long,
    /// The header is not that of an answer over Ethernet.
    #[error("not an answer over ethernet")]
    Header,
    /// An option goes past the end, or holds what it can't.
    #[error("option {0} is wrong")]
    Option(u8),
    /// Neither offer, acknowledgement nor refusal.
    #[error("not a message of a server")]
    Type,
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It would lease an address.
    Offer,
    /// It leases an address.
    Acknowledgement,
    /// It refuses.
    Refusal,
}

/// An answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it is.
    pub kind: Kind,
    /// Number of the transaction.
    pub transaction: u32,
    /// For whom.
    pub mac: [u8; 6],
    /// The address; unspecified in a refusal.
    pub address: Ipv4Addr,
    /// Who answers.
    pub server: Option<Ipv4Addr>,
    /// What comes with the address.
    pub parameters: Parameters,
}

/// What comes with an address. Names are checked, lists cut to a sane length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Length of the prefix; `None` if the server does not say.
    pub prefix: Option<u8>,
    /// Default routers.
    pub routers: Vec<Ipv4Addr>,
    /// Classless routes; if there are any, they replace the routers (RFC 3442).
    pub routes: Vec<(Ipv4Net, Ipv4Addr)>,
    /// Name servers.
    pub dns: Vec<Ipv4Addr>,
    /// Search domains, with that of option 15 in front.
    pub search: Vec<String>,
    /// NTP servers.
    pub ntp: Vec<Ipv4Addr>,
    /// Bytes of the largest packet.
    pub mtu: Option<u16>,
    /// Name for the client.
    pub hostname: Option<String>,
    /// Seconds of the lease; the highest number is for ever.
    pub lease: Option<u32>,
    /// Seconds until the lease is renewed.
    pub renewal: Option<u32>,
    /// Seconds until any server is asked.
    pub rebinding: Option<u32>,
}

/// A request of the client.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    pub(super) kind: MessageType,
    pub(super) transaction: u32,
    pub(super) mac: [u8; 6],
    /// Seconds since the client began.
    pub(super) seconds: u16,
    /// The address that the client has.
    pub(super) has: Option<Ipv4Addr>,
    /// The address that it asks for.
    pub(super) wants: Option<Ipv4Addr>,
    pub(super) server: Option<Ipv4Addr>,
    pub(super) hostname: Option<&'a str>,
}

impl Request<'_> {
    /// The bytes of the message.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let none = Ipv4Addr::UNSPECIFIED;
        let has = self.has.unwrap_or(none);
        let mut message = Message::new_with_id(self.transaction, has, none, none, none, &self.mac);
        message.set_secs(self.seconds).set_flags(Flags::default());
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(self.kind));
        if let Some(address) = self.wants {
            options.insert(DhcpOption::RequestedIpAddress(address));
        }
        if let Some(server) = self.server {
            options.insert(DhcpOption::ServerIdentifier(server));
        }
        if self.kind != MessageType::Release {
            if let Some(name) = self.hostname {
                options.insert(DhcpOption::Hostname(name.to_owned()));
            }
            options.insert(DhcpOption::MaxMessageSize(LARGEST as u16));
            options.insert(DhcpOption::ParameterRequestList(ASKED_FOR.map(OptionCode::from).to_vec()));
        }
        let mut bytes = Vec::with_capacity(SMALLEST);
        message.encode(&mut Encoder::new(&mut bytes)).expect("a vector takes all that is written to it");
        bytes.resize(bytes.len().max(SMALLEST), 0);
        bytes
    }
}

/// Options that the client asks for; classless routes before routers, as RFC 3442 demands.
const ASKED_FOR: [u8; 11] = [121, 1, 3, 6, 12, 15, 26, 42, 119, 58, 59];

/// Reads a packet of a server.
///
/// # Errors
/// If it is not a well-formed answer. That it answers this client is not checked here.
pub fn parse(bytes: &[u8]) -> Result<Reply, Malformed> {
    if bytes.len() < FIXED {
        return Err(Malformed::Short);
    }
    if bytes.len() > LARGEST {
        return Err(Malformed::Long);
    }
    // Operation 2 is an answer, hardware 1 with 6 bytes is Ethernet.
    if bytes[0] != 2 || bytes[1] != 1 || bytes[2] != 6 || bytes[236..FIXED] != COOKIE {
        return Err(Malformed::Header);
    }
    let options = Options::walk(bytes)?;
    let mut sane = bytes[..FIXED].to_vec();
    sane[SNAME.start..FILE.end].fill(0);
    options.write(&mut sane);
    let message = Message::decode(&mut Decoder::new(&sane)).map_err(|_| Malformed::Header)?;
    debug_assert_eq!(message.opcode(), Opcode::BootReply);
    reply(&message)
}

fn reply(message: &Message) -> Result<Reply, Malformed> {
    let kind = match message.opts().msg_type() {
        Some(MessageType::Offer) => Kind::Offer,
        Some(MessageType::Ack) => Kind::Acknowledgement,
        Some(MessageType::Nak) => Kind::Refusal,
        _ => return Err(Malformed::Type),
    };
    let mut server = None;
    let mut parameters = Parameters::default();
    let mut domain = None;
    for (_, option) in message.opts().iter() {
        match option {
            DhcpOption::ServerIdentifier(address) => server = Some(*address),
            DhcpOption::SubnetMask(mask) => {
                let net = Ipv4Net::with_netmask(Ipv4Addr::UNSPECIFIED, *mask);
                parameters.prefix = Some(net.map_err(|_| Malformed::Option(1))?.prefix_len());
            }
            DhcpOption::Router(list) => parameters.routers = usable(list),
            DhcpOption::DomainNameServer(list) => parameters.dns = usable(list),
            DhcpOption::NtpServers(list) => parameters.ntp = usable(list),
            DhcpOption::InterfaceMtu(mtu) => parameters.mtu = Some(*mtu),
            DhcpOption::AddressLeaseTime(seconds) => parameters.lease = Some(*seconds),
            DhcpOption::Renewal(seconds) => parameters.renewal = Some(*seconds),
            DhcpOption::Rebinding(seconds) => parameters.rebinding = Some(*seconds),
            DhcpOption::Hostname(name) => parameters.hostname = name_of(name, is_host),
            DhcpOption::DomainName(name) => domain = name_of(name, is_domain),
            DhcpOption::DomainSearch(names) => {
                let names = names.iter().take(LONGEST_LIST).map(Name::to_ascii);
                parameters.search.extend(names.filter_map(|name| name_of(&name, is_domain)));
            }
            DhcpOption::ClasslessStaticRoute(routes) => {
                let routes = routes.iter().take(LONGEST_LIST);
                parameters.routes = routes.map(|(to, via)| (to.trunc(), *via)).collect();
            }
            _ => {}
        }
    }
    if let Some(domain) = domain.filter(|domain| !parameters.search.contains(domain)) {
        parameters.search.insert(0, domain);
    }
    let chaddr = message.chaddr();
    let mac = chaddr.try_into().map_err(|_| Malformed::Header)?;
    Ok(Reply { kind, transaction: message.xid(), mac, address: message.yiaddr(), server, parameters })
}

/// Addresses of machines out of a list.
fn usable(list: &[Ipv4Addr]) -> Vec<Ipv4Addr> {
    list.iter().copied().filter(|address| is_machine(*address)).take(LONGEST_LIST).collect()
}

/// Whether a machine may have this address.
pub(super) fn is_machine(address: Ipv4Addr) -> bool {
    !(address.octets()[0] == 0 || address.is_loopback() || address.octets()[0] >= 224)
}

fn name_of(text: &str, is_name: fn(&str) -> bool) -> Option<String> {
    // Some servers count the terminating zero of C.
    let name = text.trim_end_matches('\0').trim_end_matches('.');
    is_name(name).then(|| name.to_ascii_lowercase())
}

/// The options that the client uses, by code, in parts that are put together (RFC 3396).
struct Options(std::collections::BTreeMap<u8, Vec<u8>>);

impl Options {
    /// Walks options, then those in `file` and `sname` if option 52 says that there are any.
    fn walk(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut found = Self(std::collections::BTreeMap::new());
        let overload = found.field(&bytes[FIXED..])?;
        if overload & 1 != 0 {
            found.field(&bytes[FILE])?;
        }
        if overload & 2 != 0 {
            found.field(&bytes[SNAME])?;
        }
        for (code, value) in &found.0 {
            if !fits(*code, value.len()) {
                return Err(Malformed::Option(*code));
            }
        }
        Ok(found)
    }

    /// Walks one field; gives back the value of option 52 in it.
    fn field(&mut self, mut bytes: &[u8]) -> Result<u8, Malformed> {
        let mut overload = 0;
        while let [code, rest @ ..] = bytes {
            match (code, rest) {
                (0, _) => bytes = rest,
                (255, _) => break,
                (_, [length, rest @ ..]) => {
                    let (value, rest) =
                        rest.split_at_checked(usize::from(*length)).ok_or(Malformed::Option(*code))?;
                    match (code, value) {
                        (52, [value]) => overload = *value,
                        (53 | 54, _) if self.0.contains_key(code) => return Err(Malformed::Option(*code)),
                        _ if is_used(*code) => self.0.entry(*code).or_default().extend_from_slice(value),
                        _ => {}
                    }
                    bytes = rest;
                }
                (_, []) => return Err(Malformed::Option(*code)),
            }
        }
        Ok(overload)
    }

    /// Appends them in the form that dhcproto reads: search domains last, since names are what it may refuse, and then
    /// nothing after them is read.
    fn write(&self, bytes: &mut Vec<u8>) {
        let last = |code: &u8| *code == 119;
        let ordered = self.0.iter().filter(|(code, _)| !last(code));
        for (code, value) in ordered.chain(self.0.iter().filter(|(code, _)| last(code))) {
            for part in value.chunks(255) {
                bytes.extend([*code, part.len() as u8]);
                bytes.extend(part);
            }
        }
        bytes.push(255);
    }
}

fn is_used(code: u8) -> bool {
    ASKED_FOR.contains(&code) || matches!(code, 51 | 53 | 54)
}

/// Whether an option of this code can have this many bytes.
fn fits(code: u8, length: usize) -> bool {
    match code {
        53 => length == 1,
        26 => length == 2,
        1 | 51 | 54 | 58 | 59 => length == 4,
        3 | 6 | 42 => length > 0 && length.is_multiple_of(4),
        _ => length > 0,
    }
}

#[cfg(test)]
mod tests;
