//! The port for what collects metrics.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use corten_api::role::Role;
use corten_load::{Posture, Scratch, Target};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::start;

/// What `GET path` gives, all of it.
async fn get(target: &Target, path: &str) -> Option<String> {
    let mut stream = target.shake_hands().await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

#[tokio::test]
async fn metrics_are_for_those_who_have_a_certificate() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let scratch = Scratch::new(&Posture::Configured(format!("[metrics]\nport = {port}\n"))).expect("a root");
    let agent = start(&scratch);
    let target = |identity: Option<&_>| {
        let mut tls = ClientConfig::clone(&*scratch.owner.tls(identity).expect("TLS"));
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Target { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), tls: Arc::new(tls) }
    };
    let reader = scratch.owner.client(Role::Reader).expect("a certificate");
    // The port is opened soon after the API is.
    let mut answer = None;
    for _ in 0..100 {
        answer = get(&target(Some(&reader)), "/metrics").await;
        if answer.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let answer = answer.unwrap_or_else(|| panic!("it is not served: {}", agent.said()));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(
        head.to_lowercase().contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(body.ends_with("# EOF\n") && body.contains("# TYPE "), "{body}");
    let other = get(&target(Some(&reader)), "/").await.expect("an answer");
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
    assert_eq!(
        get(&target(None), "/metrics").await.filter(|answer| !answer.is_empty()),
        None,
        "anybody reads it"
    );
}
