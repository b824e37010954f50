//! The part of the NBD protocol that a disk needs once an export is chosen: requests and simple replies, as bytes.
//!
//! Specification: `doc/proto.md` of the NBD project, "Transmission phase" and "Values".

/// The export has flags at all.
const HAS_FLAGS: u16 = 1 << 0;
/// Flushes are answered; without it QEMU would show the guest a disk without a cache.
const SEND_FLUSH: u16 = 1 << 2;
/// Writes may be forced.
const SEND_FUA: u16 = 1 << 3;
/// Ranges may be trimmed.
const SEND_TRIM: u16 = 1 << 5;
/// Zeros may be written without sending them.
const SEND_WRITE_ZEROES: u16 = 1 << 6;

/// What our export can do.
pub const EXPORT_FLAGS: u16 = HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_WRITE_ZEROES;

const REQUEST_MAGIC: u32 = 0x2560_9513;
const REPLY_MAGIC: u32 = 0x6744_6698;

/// Length of a request, without the data of a write.
pub const REQUEST: usize = 28;

/// Longest data of a read or write that we take, the value that the specification wants of every server.
pub const MAX_DATA: u32 = 32 << 20;

/// A command flag: the answer comes when the change is durable.
const FLAG_FUA: u16 = 1 << 0;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Bytes of the disk.
    Read,
    /// New bytes, which follow the request.
    Write,
    /// The end of the connection.
    Disconnect,
    /// What was answered becomes durable.
    Flush,
    /// A range may lose its content.
    Trim,
    /// A range becomes zeros.
    WriteZeroes,
    /// Something that was not offered.
    Other,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub command: Command,
    /// Whether the change is to be durable with the answer.
    pub forced: bool,
    /// The client's name of the request, told back in the answer.
    pub cookie: u64,
    /// Where, bytes.
    pub offset: u64,
    /// How many bytes.
    pub length: u32,
}

impl Request {
    /// Reads a request; `None` if it does not begin as one, after which nothing on the connection makes sense.
    pub fn parse(bytes: &[u8; REQUEST]) -> Option<Self> {
        let [m0, m1, m2, m3, f0, f1, t0, t1, rest @ ..] = *bytes;
        if u32::from_be_bytes([m0, m1, m2, m3]) != REQUEST_MAGIC {
            return None;
        }
        let command = match u16::from_be_bytes([t0, t1]) {
            0 => Command::Read,
            1 => Command::Write,
            2 => Command::Disconnect,
            3 => Command::Flush,
            4 => Command::Trim,
            6 => Command::WriteZeroes,
            _ => Command::Other,
        };
        let [c0, c1, c2, c3, c4, c5, c6, c7, o0, o1, o2, o3, o4, o5, o6, o7, length @ ..] = rest;
        Some(Self {
            command,
            forced: u16::from_be_bytes([f0, f1]) & FLAG_FUA != 0,
            cookie: u64::from_be_bytes([c0, c1, c2, c3, c4, c5, c6, c7]),
            offset: u64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
            length: u32::from_be_bytes(length),
        })
    }
}

/// Why a request is refused, by the protocol's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The host could not read or write.
    Io = 5,
    /// The request makes no sense.
    Invalid = 22,
    /// A write behind the end.
    NoSpace = 28,
}

/// The head of a simple reply; the data of a read follows it.
pub fn reply(cookie: u64, refusal: Option<Refusal>) -> [u8; 16] {
    let error = refusal.map_or(0, |refusal| refusal as u32);
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&REPLY_MAGIC.to_be_bytes());
    bytes[4..8].copy_from_slice(&error.to_be_bytes());
    bytes[8..].copy_from_slice(&cookie.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(flags: u16, command: u16, cookie: u64, place: (u64, u32)) -> [u8; REQUEST] {
        let mut bytes = REQUEST_MAGIC.to_be_bytes().to_vec();
        bytes.extend(flags.to_be_bytes());
        bytes.extend(command.to_be_bytes());
        bytes.extend(cookie.to_be_bytes());
        bytes.extend(place.0.to_be_bytes());
        bytes.extend(place.1.to_be_bytes());
        bytes.try_into().expect("a request")
    }

    #[test]
    fn a_request_that_does_not_begin_as_one_is_none() {
        let mut bytes = bytes(0, 0, 0, (0, 0));
        bytes[0] ^= 1;
        assert_eq!(Request::parse(&bytes), None);
    }

    proptest! {
        #[test]
        fn requests_are_read_as_they_were_written(forced: bool, cookie: u64, offset: u64, length: u32) {
            let read = Request::parse(&bytes(u16::from(forced), 1, cookie, (offset, length)));
            prop_assert_eq!(read, Some(Request { command: Command::Write, forced, cookie, offset, length }));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: [u8; REQUEST]) {
            let _ = Request::parse(&bytes);
        }
    }
}
