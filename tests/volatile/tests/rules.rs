//! What the server does with requests that well-behaved clients don't send, or not together.
#![allow(missing_docs)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use corten_volatile::{Cut, Loss, Promise, Server, remains};

const SIZE: u64 = 1 << 20;
const NO_SPACE: u32 = 28;
const INVALID: u32 = 22;

const WRITE: u16 = 1;
const FLUSH: u16 = 3;
const BLOCK_STATUS: u16 = 7;

struct Client {
    stream: UnixStream,
    _folder: tempfile::TempDir,
}

/// A server, and a client that chose its export in the oldest way.
fn connected() -> (Server, Client) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file =
        std::fs::File::options().read(true).write(true).create_new(true).open(folder.path().join("disk"));
    let file = file.expect("disk");
    file.set_len(SIZE).expect("length");
    let server = Server::start(file, &folder.path().join("socket")).expect("a server");
    let mut stream = UnixStream::connect(server.socket()).expect("it listens");
    stream.write_all(b"\0\0\0\x03IHAVEOPT\0\0\0\x01\0\0\0\0").expect("it takes an option");
    let mut hello = [0; 18 + 10];
    stream.read_exact(&mut hello).expect("it answers");
    assert_eq!(hello[18..26], SIZE.to_be_bytes());
    (server, Client { stream, _folder: folder })
}

fn request(kind: u16, offset: u64, data: &[u8]) -> Vec<u8> {
    let head = [0x2560_9513_u32.to_be_bytes().to_vec(), vec![0, 0], kind.to_be_bytes().to_vec()].concat();
    [&head[..], &[7; 8], &offset.to_be_bytes(), &(data.len() as u32).to_be_bytes(), data].concat()
}

impl Client {
    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// The error of the next answer.
    fn answer(&mut self) -> u32 {
        let mut answer = [0; 16];
        self.stream.read_exact(&mut answer).expect("the server answers");
        assert_eq!(answer[8..], [7; 8]);
        u32::from_be_bytes([answer[4], answer[5], answer[6], answer[7]])
    }
}

#[test]
fn what_can_not_be_done_is_refused_and_leaves_no_trace() {
    let (server, mut client) = connected();
    for (request, error) in [
        (request(WRITE, SIZE, &[1; 512]), NO_SPACE),
        (request(WRITE, u64::MAX - 10, &[1; 512]), NO_SPACE),
        (request(WRITE, 100, &[1; 512]), INVALID),
        (request(WRITE, 512, &[1; 100]), INVALID),
        (request(BLOCK_STATUS, 0, &[]), INVALID),
    ] {
        client.send(&request);
        assert_eq!(client.answer(), error);
    }
    assert_eq!(server.now(), 0);
    client.send(&request(WRITE, 512, &[1; 512]));
    assert_eq!((client.answer(), server.now()), (0, 2));
}

#[test]
fn a_flush_that_came_with_a_write_does_not_cover_it() {
    for (together, parts) in [(true, 0), (false, 1)] {
        let (server, mut client) = connected();
        if together {
            client.send(&[request(WRITE, 0, &[1; 512]), request(FLUSH, 0, &[])].concat());
        } else {
            client.send(&request(WRITE, 0, &[1; 512]));
            assert_eq!(client.answer(), 0);
            client.send(&request(FLUSH, 0, &[]));
        }
        assert_eq!(client.answer(), 0);
        if together {
            assert_eq!(client.answer(), 0);
        }
        let record = server.stop();
        let cut = Cut { at: record.end(), promise: Promise::Kept, loss: Loss::All };
        assert_eq!(remains(&record, &cut).len(), parts, "together: {together}");
    }
}

#[test]
fn a_client_that_breaks_the_rules_loses_its_connection_and_others_do_not() {
    let (server, mut client) = connected();
    client.send(&[0xff; 28]);
    assert_eq!(client.stream.read(&mut [0; 16]).unwrap_or(0), 0);
    let mut other = UnixStream::connect(server.socket()).expect("it listens");
    let mut hello = [0; 18];
    other.read_exact(&mut hello).expect("it answers");
    assert_eq!(&hello[..8], b"NBDMAGIC");
}
