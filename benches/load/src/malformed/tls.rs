//! What is wrong before there is TLS.

use std::sync::Arc;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::random::Random;
use crate::target::{Fault, Target, within};

/// Anything but TLS.
pub async fn noise(target: &Target, random: &mut Random) -> Result<u64, Fault> {
    let length = random.below(512);
    let bytes = match random.below(4) {
        0 => b"GET / HTTP/1.1\r\nHost: node\r\n\r\n".to_vec(),
        1 => crate::wire::PREFACE.to_vec(),
        _ => random.bytes(length),
    };
    say(target, &bytes).await
}

/// The first message of a handshake, with bytes changed, or its end or middle missing.
pub async fn handshake(target: &Target, random: &mut Random) -> Result<u64, Fault> {
    let name = ServerName::try_from("node.corten").expect("it is written like a name");
    let mut hello = Vec::new();
    let client = ClientConnection::new(Arc::clone(&target.tls), name);
    client.map_err(std::io::Error::other)?.write_tls(&mut hello)?;
    for _ in 0..=random.below(4) {
        let at = random.below(hello.len());
        match random.below(4) {
            0 => hello.truncate(at),
            1 => drop(hello.drain(at..(at + 16).min(hello.len()))),
            _ if hello.is_empty() => {}
            _ => hello[at] = random.next() as u8,
        }
    }
    say(target, &hello).await
}

/// Says it, and that there is no more, and waits for the end.
async fn say(target: &Target, bytes: &[u8]) -> Result<u64, Fault> {
    let mut stream = target.tcp().await?;
    let exchange = async {
        // It may hang up in the middle.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = [0; 512];
        while stream.read(&mut answer).await.is_ok_and(|length| length > 0) {}
        Ok::<_, Fault>(1)
    };
    within("the end of a connection without TLS", exchange).await
}
