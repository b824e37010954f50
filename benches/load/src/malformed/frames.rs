//! What is wrong with the records of TLS or the frames of HTTP/2: each ends its connection.

use crate::http2::Ended;
use crate::random::Random;
use crate::target::{Fault, Target, within};
use crate::wire::{self, Body};

/// One connection that ends badly.
pub async fn send(target: &Target, random: &mut Random) -> Result<u64, Fault> {
    let mut connection = target.http2().await?;
    let exchange = async {
        if random.below(4) == 0 {
            // Application data by its head, and nothing that decrypts.
            let length = random.below(200);
            let noise = random.bytes(length);
            let head = [&[23, 3, 3][..], &(noise.len() as u16).to_be_bytes()].concat();
            connection.send_plain(&[head, noise].concat()).await?;
            // A record that is cut off is waited for, so that one is ended from here.
        } else if connection.send(&broken(random)).await? == Ended::Connection {
            return Ok(1);
        }
        // What is wrong with one stream alone does not end the connection, and what is cut is waited for.
        if let Ok(ended) =
            tokio::time::timeout(std::time::Duration::from_millis(200), connection.ping()).await
        {
            ended?;
        }
        Ok::<_, Fault>(1)
    };
    within("the end of a connection with broken frames", exchange).await
}

fn broken(random: &mut Random) -> Vec<u8> {
    let stream = 1;
    let length = random.below(64);
    let noise = random.bytes(length);
    match random.below(12) {
        // An index that no table has; a string longer than its block; numbers without end.
        0 => wire::headers(stream, &[0xff, 0xff, 0xff, 0x7f], Body::None),
        1 => wire::headers(stream, &[0x00, 0x7f, 0xff, 0x01, b'a'], Body::None),
        2 => wire::headers(stream, &[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Body::None),
        3 => wire::frame(wire::CONTINUATION, 0, stream, &noise),
        4 => wire::frame(wire::WINDOW, 0, 0, &0_u32.to_be_bytes()),
        5 => wire::frame(wire::WINDOW, 0, 0, &0x7fff_ffff_u32.to_be_bytes()),
        6 => wire::frame(wire::SETTINGS, 0, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff]),
        7 => wire::frame(wire::DATA, 0, 99, &noise),
        // A table of headers that is to be made larger than allowed.
        8 => wire::headers(stream, &[0x3f, 0xff, 0xff, 0xff, 0x7f], Body::None),
        9 => wire::frame(wire::PRIORITY, 0, stream, &[0, 0, 0, 1, 7]),
        // Headers that never end.
        10 => {
            let mut bytes = wire::frame(wire::HEADERS, 0, stream, &[0x83]);
            for _ in 0..random.below(400) {
                bytes.extend(wire::frame(wire::CONTINUATION, 0, stream, &[]));
            }
            bytes
        }
        _ => {
            let head = random.bytes(wire::HEAD);
            [head, noise].concat()
        }
    }
}
