//! How a client chooses our one export: the fixed newstyle negotiation, without TLS and without structured replies.
//!
//! Specification: `doc/proto.md` of the NBD project, "Fixed newstyle negotiation" and "Option types".

use std::io::{self, Error, ErrorKind, Read, Write};

use crate::protocol::{EXPORT_FLAGS, MAX_DATA};
use crate::record::SECTOR;

const SERVER_MAGIC: &[u8; 8] = b"NBDMAGIC";
const OPTION_MAGIC: &[u8; 8] = b"IHAVEOPT";
const REPLY_MAGIC: u64 = 0x0003_e889_0455_65a9;

/// Fixed newstyle, and no zeros behind the answer to the oldest way of choosing an export.
const HANDSHAKE_FLAGS: u16 = 0b11;
const CLIENT_NO_ZEROES: u32 = 0b10;

const OPTION_EXPORT_NAME: u32 = 1;
const OPTION_ABORT: u32 = 2;
const OPTION_LIST: u32 = 3;
const OPTION_INFO: u32 = 6;
const OPTION_GO: u32 = 7;

const REPLY_ACK: u32 = 1;
const REPLY_SERVER: u32 = 2;
const REPLY_INFO: u32 = 3;
const REPLY_UNSUPPORTED: u32 = 0x8000_0001;
const REPLY_INVALID: u32 = 0x8000_0003;
const REPLY_UNKNOWN: u32 = 0x8000_0006;

const INFO_EXPORT: u16 = 0;
const INFO_BLOCK_SIZE: u16 = 3;

/// An option with more data than this is not one that we know: a name has 4096 bytes at most.
const MAX_OPTION: u32 = 8 << 10;

/// A client asks for at most so many things before it chooses.
const MAX_OPTIONS: usize = 64;

/// How a negotiation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Requests follow.
    Export,
    /// The client went away.
    Nothing,
}

/// Negotiates about a disk of `size` bytes, whose name is empty.
pub fn negotiate(stream: &mut (impl Read + Write), size: u64) -> io::Result<Chosen> {
    let hello = [&SERVER_MAGIC[..], OPTION_MAGIC, &HANDSHAKE_FLAGS.to_be_bytes()].concat();
    stream.write_all(&hello)?;
    let client = u32::from_be_bytes(take(stream)?);
    for _ in 0..MAX_OPTIONS {
        if take::<8>(stream)? != *OPTION_MAGIC {
            return Err(Error::new(ErrorKind::InvalidData, "no NBD option"));
        }
        let (option, length) = (u32::from_be_bytes(take(stream)?), u32::from_be_bytes(take(stream)?));
        if length > MAX_OPTION {
            return Err(Error::new(ErrorKind::InvalidData, format!("NBD option of {length} bytes")));
        }
        let mut data = vec![0; length as usize];
        stream.read_exact(&mut data)?;
        let mut answer = |kind: u32, data: &[u8]| stream.write_all(&option_reply(option, kind, data));
        match option {
            OPTION_EXPORT_NAME if data.is_empty() => {
                let mut export = [&size.to_be_bytes()[..], &EXPORT_FLAGS.to_be_bytes()].concat();
                if client & CLIENT_NO_ZEROES == 0 {
                    export.extend([0; 124]);
                }
                stream.write_all(&export)?;
                return Ok(Chosen::Export);
            }
            // There is no answer to a wrong name of this kind but the end of the connection.
            OPTION_EXPORT_NAME => return Ok(Chosen::Nothing),
            OPTION_ABORT => {
                answer(REPLY_ACK, &[])?;
                return Ok(Chosen::Nothing);
            }
            OPTION_LIST => {
                answer(REPLY_SERVER, &0_u32.to_be_bytes())?;
                answer(REPLY_ACK, &[])?;
            }
            OPTION_INFO | OPTION_GO => match name(&data) {
                None => answer(REPLY_INVALID, &[])?,
                Some([_, ..]) => answer(REPLY_UNKNOWN, &[])?,
                Some([]) => {
                    answer(REPLY_INFO, &export_info(size))?;
                    answer(REPLY_INFO, &block_sizes())?;
                    answer(REPLY_ACK, &[])?;
                    if option == OPTION_GO {
                        return Ok(Chosen::Export);
                    }
                }
            },
            _ => answer(REPLY_UNSUPPORTED, &[])?,
        }
    }
    Err(Error::new(ErrorKind::InvalidData, "an NBD client that does not choose"))
}

fn take<const N: usize>(stream: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn option_reply(option: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let length = data.len() as u32;
    let head = [option, kind, length].map(u32::to_be_bytes);
    [&REPLY_MAGIC.to_be_bytes()[..], head.as_flattened(), data].concat()
}

/// The name in the data of `INFO` and `GO`: its length, itself, then what the client wants to know, which we tell
/// without being asked.
fn name(data: &[u8]) -> Option<&[u8]> {
    let (length, rest) = data.split_first_chunk()?;
    let length = u32::from_be_bytes(*length) as usize;
    let (name, rest) = rest.split_at_checked(length)?;
    let (count, rest) = rest.split_first_chunk()?;
    (rest.len() == 2 * usize::from(u16::from_be_bytes(*count))).then_some(name)
}

fn export_info(size: u64) -> Vec<u8> {
    [&INFO_EXPORT.to_be_bytes()[..], &size.to_be_bytes(), &EXPORT_FLAGS.to_be_bytes()].concat()
}

/// Smallest, preferred and largest request. The smallest is a sector, so that the record knows no smaller writes.
fn block_sizes() -> Vec<u8> {
    let sizes = [SECTOR as u32, 4096, MAX_DATA].map(u32::to_be_bytes);
    [&INFO_BLOCK_SIZE.to_be_bytes()[..], sizes.as_flattened()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A client that said everything in advance.
    struct Script {
        input: io::Cursor<Vec<u8>>,
        output: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.input.read(buffer)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.output.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn talk(input: Vec<u8>) -> (io::Result<Chosen>, Vec<u8>) {
        let mut script = Script { input: io::Cursor::new(input), output: Vec::new() };
        (negotiate(&mut script, 1 << 20), script.output)
    }

    fn option(kind: u32, data: &[u8]) -> Vec<u8> {
        [&OPTION_MAGIC[..], &kind.to_be_bytes(), &(data.len() as u32).to_be_bytes(), data].concat()
    }

    #[test]
    fn an_unknown_option_and_an_unknown_export_are_refused_and_the_client_may_go_on() {
        let mut input = 3_u32.to_be_bytes().to_vec();
        input.extend(option(8, &[]));
        input.extend(option(OPTION_GO, b"\0\0\0\x01x\0\0"));
        input.extend(option(OPTION_GO, b"\0\0\0\x09x\0\0"));
        input.extend(option(OPTION_GO, &[0; 6]));
        let (chosen, output) = talk(input);
        assert_eq!(chosen.expect("a whole negotiation"), Chosen::Export);
        let kinds = output[18..].windows(8).enumerate().filter(|(_, w)| *w == REPLY_MAGIC.to_be_bytes());
        let kinds = kinds
            .map(|(at, _)| u32::from_be_bytes(output[18 + at + 12..][..4].try_into().expect("four bytes")));
        let expected = [REPLY_UNSUPPORTED, REPLY_UNKNOWN, REPLY_INVALID, REPLY_INFO, REPLY_INFO, REPLY_ACK];
        assert_eq!(kinds.collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn no_client_makes_it_panic(
            flags: u32,
            options in proptest::collection::vec((0..9_u32, proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
            end in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut input = flags.to_be_bytes().to_vec();
            input.extend(options.iter().flat_map(|(kind, data)| option(*kind, data)));
            input.extend(end);
            let _ = talk(input);
        }
    }
}
