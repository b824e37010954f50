//! Checks against real listeners: what is well, what is refused and with which words, and who keeps silent.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic_health::ServingStatus;

use super::*;

/// A container whose programs end with the number that is their first argument, or never without one.
struct Programs;

impl Commands for Programs {
    async fn run(&self, command: &[String]) -> Result<u32, NotPassed> {
        match command.get(1).map(|code| code.parse()) {
            Some(Ok(code)) => Ok(code),
            Some(Err(_)) => Err("no such program".to_owned().into()),
            None => std::future::pending().await,
        }
    }
}

fn check(kind: CheckKind) -> Check {
    Check { kind, interval_seconds: 1, timeout_seconds: 1, failures: 1 }
}

async fn asked(kind: CheckKind) -> Result<(), String> {
    made_at(&check(kind), &Place::node()).await
}

async fn made_at(check: &Check, place: &Place) -> Result<(), String> {
    ask(check, place, &Programs).await.map_err(|not_passed| match not_passed {
        NotPassed::Failed(reason) => reason,
        NotPassed::NotMade(reason) => panic!("it could be made: {reason}"),
    })
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// What a check finds at a server that answers with these pieces, and what the server was asked.
async fn answered(pieces: &'static [&'static str]) -> (Result<(), String>, String) {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut question = vec![0; 1024];
        let length = stream.read(&mut question).await.expect("a question");
        for piece in pieces {
            // A client that has seen enough is gone.
            let _ = stream.write_all(piece.as_bytes()).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        String::from_utf8_lossy(&question[..length]).into_owned()
    });
    let found = asked(CheckKind::Http { port, path: "/health?a=b".into() }).await;
    (found, server.await.expect("no panic"))
}

#[tokio::test]
async fn a_status_from_200_to_299_is_well_and_a_redirect_is_not() {
    let (found, question) = answered(&["HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"]).await;
    assert_eq!(found, Ok(()));
    assert!(question.starts_with("GET /health?a=b HTTP/1.1\r\nhost: 127.0.0.1:"), "{question}");
    assert_eq!(answered(&["HTTP/1.", "1 200 OK\r\nContent-", "Length: 100000\r\n\r\n"]).await.0, Ok(()));
    assert_eq!(answered(&["HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"]).await.0, Err("status 302".into()));
    assert_eq!(answered(&["HTTP/1.1 503 Busy\r\n\r\n"]).await.0, Err("status 503".into()));
}

#[tokio::test]
async fn what_is_no_answer_is_said() {
    for pieces in [&["SSH-2.0-x\r\n\r\n"] as &[_], &[]] {
        let error = answered(pieces).await.0.expect_err("no answer");
        assert!(error.starts_with("asking: "), "{error}");
    }
    let path = "no path\n".into();
    let (_listener, port) = listener().await;
    let error = asked(CheckKind::Http { port, path }).await.expect_err("no path");
    assert!(error.starts_with("path \"no path\\n\": "), "{error}");
}

#[tokio::test]
async fn headers_without_an_end_are_not_read_for_ever() {
    let piece: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(1 << 20)).into_boxed_str());
    let pieces: &'static [&'static str] = Box::leak(vec![piece].into_boxed_slice());
    let error = answered(pieces).await.0.expect_err("no answer");
    assert!(error.starts_with("asking: "), "{error}");
}

#[tokio::test]
async fn somebody_has_to_listen() {
    let (listener, port) = listener().await;
    assert_eq!(asked(CheckKind::Tcp { port }).await, Ok(()));
    drop(listener);
    assert_eq!(asked(CheckKind::Tcp { port }).await, Err("connecting: connection refused".into()));
}

#[tokio::test]
async fn who_is_silent_is_not_waited_for() {
    let (_listener, port) = listener().await;
    let start = Instant::now();
    for kind in [
        CheckKind::Http { port, path: "/".into() },
        CheckKind::Grpc { port, service: String::new() },
        CheckKind::Command { command: vec!["sleep".into()] },
    ] {
        assert_eq!(asked(kind).await, Err("no answer in 1 s".into()));
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_program_has_to_end_with_0() {
    let run = |code: &str| asked(CheckKind::Command { command: vec!["exit".into(), code.into()] });
    assert_eq!(run("0").await, Ok(()));
    assert_eq!(run("3").await, Err("exit code 3".into()));
    assert_eq!(run("x").await, Err("no such program".into()));
}

#[tokio::test]
async fn a_service_has_to_say_that_it_serves() {
    let (listener, port) = listener().await;
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("shop", ServingStatus::Serving).await;
    reporter.set_service_status("stock", ServingStatus::NotServing).await;
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let asked = |service: &str| asked(CheckKind::Grpc { port, service: service.into() });
    assert_eq!(asked("").await, Ok(()));
    assert_eq!(asked("shop").await, Ok(()));
    assert_eq!(asked("stock").await, Err("the service says NOT_SERVING".into()));
    let error = asked("other").await.expect_err("nobody knows it");
    assert!(error.starts_with("asking: ") && error.ends_with("(NotFound)"), "{error}");
}

#[tokio::test]
async fn who_does_not_speak_http2_does_not_serve() {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let error = asked(CheckKind::Grpc { port, service: String::new() }).await.expect_err("another protocol");
    assert!(error.starts_with("asking: "), "{error}");
}

/// A thread in a network namespace of its own where somebody listens on 127.0.0.1, until the sender is dropped. `None`
/// where this process may not make one.
fn namespace() -> Option<(Place, u16, mpsc::Sender<()>)> {
    let (found, wait) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || {
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe; a network namespace shares no memory or files"
        )]
        if rustix::thread::unshare(rustix::thread::UnshareFlags::NEWNET).is_err() {
            return;
        }
        corten_sys::loopback::up().expect("a namespace has a loopback interface");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let thread = rustix::thread::gettid().as_raw_nonzero();
        let path = format!("/proc/self/task/{thread}/ns/net").into();
        let _ = found.send((Place::Namespace(path), port));
        let _: Result<(), _> = ended.recv();
    });
    let (place, port) = wait.recv().ok()?;
    Some((place, port, end))
}

#[tokio::test]
async fn a_container_without_a_network_is_asked_within_its_namespace() {
    let Some((place, port, _end)) = namespace() else {
        assert!(
            std::env::var("CORTEN_REQUIRE_TOOLS").as_deref() != Ok("1"),
            "network namespaces can't be made"
        );
        eprintln!("skipped: network namespaces can't be made");
        return;
    };
    let tcp = check(CheckKind::Tcp { port });
    assert_eq!(made_at(&tcp, &place).await, Ok(()));
    // Nobody listens there outside of it, and nobody on another port within it.
    let outside = std::net::TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)));
    assert_eq!(outside.map(|_| ()).map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionRefused));
    let other = check(CheckKind::Tcp { port: if port == 9 { 10 } else { 9 } });
    assert_eq!(made_at(&other, &place).await, Err("connecting: connection refused".into()));
}

#[tokio::test]
async fn a_namespace_that_is_gone_is_said() {
    let place = Place::Namespace("/run/netns/gone".into());
    let error = made_at(&check(CheckKind::Tcp { port: 1 }), &place).await.expect_err("gone");
    assert!(error.starts_with("connecting: open /run/netns/gone: No such file"), "{error}");
}
