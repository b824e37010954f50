//! What is wrong with calls: many go over one connection, and each is answered by itself.

use std::io;

use super::Malformed;
use crate::http2::{Connection, Ended};
use crate::random::Random;
use crate::target::{Fault, Target, within};
use crate::wire::{self, Body};

/// Methods that take any message of theirs and answer.
const METHODS: [&str; 5] = [
    "/corten.v1.Config/Check",
    "/corten.v1.Services/Inspect",
    "/corten.v1.Network/Links",
    "/corten.v1.Node/Health",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];
/// Methods that a reader may not call, and that are written down.
const FORBIDDEN: [&str; 4] = [
    "/corten.v1.Node/Reboot",
    "/corten.v1.Node/Reset",
    "/corten.v1.Config/Apply",
    "/corten.v1.Services/Restart",
];

/// Sends as many as go into one turn, and waits for what becomes of them.
pub async fn send(
    malformed: Malformed,
    target: &Target,
    kept: &mut Option<Connection>,
    random: &mut Random,
) -> Result<u64, Fault> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => target.http2().await?,
    };
    let calls = match malformed {
        Malformed::Forbidden => 8,
        Malformed::Oversized => 16,
        // Up to some resets a node has patience, with more it ends the connection.
        Malformed::Reset => [16, 16, 16, 100][random.below(4)],
        _ => 64,
    };
    let ended = within("answers to malformed calls", turn(malformed, &mut connection, calls, random)).await?;
    if ended == Ended::Streams {
        *kept = Some(connection);
    }
    Ok(calls)
}

async fn turn(
    malformed: Malformed,
    connection: &mut Connection,
    calls: u64,
    random: &mut Random,
) -> io::Result<Ended> {
    let mut bytes = Vec::new();
    for _ in 0..calls {
        let stream = connection.stream();
        bytes.extend(call(malformed, stream, random));
        // As much as everybody's first window takes.
        if bytes.len() > 32 << 10 && connection.send(&std::mem::take(&mut bytes)).await? == Ended::Connection
        {
            return Ok(Ended::Connection);
        }
    }
    if connection.send(&bytes).await? == Ended::Connection {
        return Ok(Ended::Connection);
    }
    if malformed == Malformed::Reset {
        connection.forget();
        return connection.ping().await;
    }
    connection.settle().await
}

fn call(malformed: Malformed, stream: u32, random: &mut Random) -> Vec<u8> {
    let method = METHODS[random.below(METHODS.len())].as_bytes();
    let open = |path: &[u8]| wire::request(stream, path, &[], Body::Follows);
    match malformed {
        Malformed::Method => {
            let length = random.below(300);
            let noise: Vec<u8> = random.bytes(length).iter().map(|byte| b' ' + byte % 95).collect();
            match random.below(4) {
                0 => wire::request(stream, &[b"/corten.v1.Node/", &noise[..]].concat(), &[], Body::None),
                1 => wire::request(stream, b"*", &[], Body::None),
                2 => wire::request(
                    stream,
                    &[b"/", &noise[..]].concat(),
                    &[(b"content-type", b"x")],
                    Body::None,
                ),
                _ => [open(b"/corten.v1.Nodes/Info"), wire::message(stream, &noise)].concat(),
            }
        }
        Malformed::Oversized => oversized(stream, method, random),
        Malformed::Reset => {
            let reset = wire::frame(wire::RESET, 0, stream, &8_u32.to_be_bytes());
            [open(b"/corten.v1.Node/Info"), wire::message(stream, &[]), reset].concat()
        }
        Malformed::Forbidden => {
            let path = FORBIDDEN[random.below(FORBIDDEN.len())];
            [open(path.as_bytes()), wire::message(stream, &[])].concat()
        }
        _ => {
            let length = random.below(100);
            let noise = random.bytes(length);
            match random.below(4) {
                // A field that is longer than its message.
                0 => {
                    [open(b"/corten.v1.Logs/Read"), wire::message(stream, &[0x0a, 0xff, 0xff, 0x7f])].concat()
                }
                // Compressed with nobody knows what.
                1 => {
                    let body = [&[1, 0, 0, 0, 4][..], &[1, 2, 3, 4]].concat();
                    [open(method), wire::frame(wire::DATA, wire::END_STREAM, stream, &body)].concat()
                }
                // A message that is cut off.
                2 => [open(method), wire::frame(wire::DATA, wire::END_STREAM, stream, &[0, 0, 0, 1, 0, 9])]
                    .concat(),
                _ => [open(method), wire::message(stream, &noise)].concat(),
            }
        }
    }
}

fn oversized(stream: u32, method: &[u8], random: &mut Random) -> Vec<u8> {
    let large = vec![b'a'; 20 << 10];
    match random.below(4) {
        0 => wire::request(stream, method, &[(b"x-large", &large)], Body::None),
        1 => {
            let many: Vec<(&[u8], &[u8])> = vec![(b"x-many", b"many"); 600];
            wire::request(stream, method, &many, Body::None)
        }
        prefix => {
            let length: u32 = if prefix == 2 { u32::MAX } else { 4 << 20 };
            let body = [&[0][..], &length.to_be_bytes(), &large[..1000]].concat();
            let open = wire::request(stream, method, &[], Body::Follows);
            [open, wire::frame(wire::DATA, wire::END_STREAM, stream, &body)].concat()
        }
    }
}
