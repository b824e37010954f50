//! Messages of DHCPv6 (RFC 8415 sections 8 and 21). Read here rather than by dhcproto, which takes options inside of
//! options to any depth and lengths that it then subtracts from.

use std::net::Ipv6Addr;

use crate::dhcp::is_domain;

/// Bytes of the largest message that is read: an Ethernet frame's.
pub const LARGEST: usize = 1500;
/// Entries of a list that are used; the rest is dropped.
const LONGEST_LIST: usize = 16;
/// Bytes of the longest identifier (section 11.1).
const LONGEST_IDENTIFIER: usize = 130;

const CLIENT_ID: u16 = 1;
const SERVER_ID: u16 = 2;
const IA_NA: u16 = 3;
const IA_ADDRESS: u16 = 5;
const OPTION_REQUEST: u16 = 6;
const PREFERENCE: u16 = 7;
const ELAPSED_TIME: u16 = 8;
const STATUS: u16 = 13;
const DNS: u16 = 23;
const SEARCH: u16 = 24;
const NTP: u16 = 56;
/// Address of a server, among the parts of the option for NTP.
const NTP_ADDRESS: u16 = 1;

/// Why a packet is no answer of a server. The client ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`LARGEST`], or shorter than a header.
    #[error("{0} bytes")]
    Length(usize),
    /// Not what servers send.
    #[error("message of type {0}")]
    Type(u8),
    /// An option goes past the end, or holds what it can't.
    #[error("option {0} is wrong")]
    Option(u16),
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It would lease an address.
    Advertise,
    /// It leases, prolongs or refuses.
    Reply,
}

/// An answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it is.
    pub kind: Kind,
    /// Number of the transaction: 24 bits.
    pub transaction: u32,
    /// Identifier of the client.
    pub client: Vec<u8>,
    /// Identifier of the server.
    pub server: Vec<u8>,
    /// How much the server wants to be taken; 255 for at once.
    pub preference: u8,
    /// Status of the whole message; 0 is success.
    pub status: u16,
    /// What it offers for each association.
    pub offers: Vec<Offer>,
    /// Name servers.
    pub dns: Vec<Ipv6Addr>,
    /// Search domains.
    pub search: Vec<String>,
    /// NTP servers.
    pub ntp: Vec<Ipv6Addr>,
}

/// An association of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Number that the client gave it.
    pub association: u32,
    /// Seconds until it is renewed; 0 leaves it to the client.
    pub renewal: u32,
    /// Seconds until any server is asked; 0 leaves it to the client.
    pub rebinding: u32,
    /// Status of it; 0 is success.
    pub status: u16,
    /// Addresses, with the seconds that they are preferred and valid.
    pub addresses: Vec<(Ipv6Addr, u32, u32)>,
}

/// Types of messages that a client sends (section 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Solicit = 1,
    Request = 3,
    Renew = 5,
    Rebind = 6,
    Release = 8,
}

/// A message of the client.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    pub(super) ask: Ask,
    pub(super) transaction: u32,
    pub(super) client: Vec<u8>,
    pub(super) server: Option<&'a [u8]>,
    pub(super) association: u32,
    pub(super) address: Option<Ipv6Addr>,
    pub(super) elapsed_ms: u64,
}

impl Request<'_> {
    /// The bytes of the message.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = (self.transaction & 0x00ff_ffff).to_be_bytes().to_vec();
        bytes[0] = self.ask as u8;
        put(&mut bytes, CLIENT_ID, &self.client);
        if let Some(server) = self.server {
            put(&mut bytes, SERVER_ID, server);
        }
        let hundredths = u16::try_from(self.elapsed_ms / 10).unwrap_or(u16::MAX);
        put(&mut bytes, ELAPSED_TIME, &hundredths.to_be_bytes());
        // Times of the association are for the server to choose.
        let mut association = self.association.to_be_bytes().to_vec();
        association.extend([0; 8]);
        if let Some(address) = self.address {
            let mut value = address.octets().to_vec();
            value.extend([0; 8]);
            put(&mut association, IA_ADDRESS, &value);
        }
        put(&mut bytes, IA_NA, &association);
        if self.ask != Ask::Release {
            let wishes = [DNS, SEARCH, NTP].map(u16::to_be_bytes).concat();
            put(&mut bytes, OPTION_REQUEST, &wishes);
        }
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, code: u16, value: &[u8]) {
    bytes.extend(code.to_be_bytes());
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
}

/// Reads a packet of a server.
///
/// # Errors
/// If it is not a well-formed answer. That it answers this client is not checked here.
pub fn parse(bytes: &[u8]) -> Result<Reply, Malformed> {
    let [kind, high, middle, low, options @ ..] = bytes else { return Err(Malformed::Length(bytes.len())) };
    if bytes.len() > LARGEST {
        return Err(Malformed::Length(bytes.len()));
    }
    let kind = match kind {
        2 => Kind::Advertise,
        7 => Kind::Reply,
        other => return Err(Malformed::Type(*other)),
    };
    let mut reply = Reply {
        kind,
        transaction: u32::from_be_bytes([0, *high, *middle, *low]),
        client: Vec::new(),
        server: Vec::new(),
        preference: 0,
        status: 0,
        offers: Vec::new(),
        dns: Vec::new(),
        search: Vec::new(),
        ntp: Vec::new(),
    };
    each(options, |code, value| {
        match code {
            CLIENT_ID => once(code, &mut reply.client, value)?,
            SERVER_ID => once(code, &mut reply.server, value)?,
            PREFERENCE => reply.preference = *value.first().ok_or(Malformed::Option(code))?,
            STATUS => reply.status = status(value)?,
            IA_NA if reply.offers.len() < LONGEST_LIST => reply.offers.push(offer(value)?),
            DNS => reply.dns = addresses(code, value)?,
            SEARCH => reply.search = names(value)?,
            NTP => each(value, |part, value| {
                if part == NTP_ADDRESS && reply.ntp.len() < LONGEST_LIST {
                    reply.ntp.extend(addresses(code, value)?);
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(reply)
}

/// Gives each option to `take`: code and value.
fn each(
    mut bytes: &[u8],
    mut take: impl FnMut(u16, &[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while let [first, second, rest @ ..] = bytes {
        let code = u16::from_be_bytes([*first, *second]);
        let wrong = Malformed::Option(code);
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(wrong)?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(wrong)?;
        take(code, value)?;
        bytes = rest;
    }
    if bytes.is_empty() { Ok(()) } else { Err(Malformed::Option(0)) }
}

fn once(code: u16, place: &mut Vec<u8>, value: &[u8]) -> Result<(), Malformed> {
    if !place.is_empty() || value.is_empty() || value.len() > LONGEST_IDENTIFIER {
        return Err(Malformed::Option(code));
    }
    *place = value.to_vec();
    Ok(())
}

fn offer(value: &[u8]) -> Result<Offer, Malformed> {
    let (fixed, options) = value.split_first_chunk::<12>().ok_or(Malformed::Option(IA_NA))?;
    let mut offer = Offer {
        association: number(fixed, 0),
        renewal: number(fixed, 4),
        rebinding: number(fixed, 8),
        ..Offer::default()
    };
    each(options, |code, value| {
        match code {
            STATUS => offer.status = status(value)?,
            IA_ADDRESS if offer.addresses.len() < LONGEST_LIST => {
                let (fixed, options) = value.split_first_chunk::<24>().ok_or(Malformed::Option(code))?;
                let mut is_given = true;
                each(options, |code, value| {
                    is_given &= code != STATUS || status(value)? == 0;
                    Ok(())
                })?;
                let mut octets = [0; 16];
                octets.copy_from_slice(&fixed[..16]);
                if is_given {
                    offer.addresses.push((octets.into(), number(fixed, 16), number(fixed, 20)));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(offer)
}

fn number<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn status(value: &[u8]) -> Result<u16, Malformed> {
    let (code, _) = value.split_first_chunk::<2>().ok_or(Malformed::Option(STATUS))?;
    Ok(u16::from_be_bytes(*code))
}

fn addresses(code: u16, value: &[u8]) -> Result<Vec<Ipv6Addr>, Malformed> {
    let (addresses, []) = value.as_chunks::<16>() else { return Err(Malformed::Option(code)) };
    let usable =
        |address: &Ipv6Addr| !address.is_unspecified() && !address.is_multicast() && !address.is_loopback();
    Ok(addresses.iter().map(|bytes| Ipv6Addr::from(*bytes)).filter(usable).take(LONGEST_LIST).collect())
}

/// Names as labels with their lengths, never compressed (section 10). What is not plainly a name is dropped.
fn names(mut bytes: &[u8]) -> Result<Vec<String>, Malformed> {
    let wrong = Malformed::Option(SEARCH);
    let mut names = Vec::new();
    while !bytes.is_empty() && names.len() < LONGEST_LIST {
        let mut labels = Vec::new();
        loop {
            let (length, rest) = bytes.split_first().ok_or(wrong)?;
            let (label, rest) = rest.split_at_checked(usize::from(*length)).ok_or(wrong)?;
            bytes = rest;
            if label.is_empty() {
                break;
            }
            labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        }
        names.extend(Some(labels.join(".")).filter(|name| is_domain(name)));
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
