//! The program itself, confined as on a node.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use corten_fetch::Class;

use crate::image::image;
use crate::pull::{drive, order};
use crate::server::{Server, Way};
use crate::tls::Authority;

fn start() -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let input = OwnedFd::from(theirs.try_clone().expect("a socket"));
    let child = Command::new(env!("CARGO_BIN_EXE_corten-fetch"))
        .env_clear()
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .expect("the program");
    (child, ours)
}

#[test]
fn the_program_pulls_by_name_over_tls_in_its_sandbox() {
    let image = image(&[700_000, 10]);
    let ours = Authority::new("ours");
    let store = image.store.clone();
    let registry = Server::tls(ours.server("localhost"), move |asked| store.answer(asked));
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("ca-certificates.crt");
    std::fs::write(&bundle, ours.pem()).expect("written");
    let mut order = order(&registry);
    order.reference = order.reference.replace("127.0.0.1", "localhost");
    order.certificates = vec![bundle];
    let (mut child, socket) = start();
    drive(socket, &order, |_| true).assert_is(&image);
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}

#[test]
fn the_program_says_why_not() {
    let registry = Server::start(|_| crate::server::Reply::status(404));
    let (mut child, socket) = start();
    let pulled = drive(socket, &order(&registry), |_| true);
    assert_eq!(pulled.class(), Some(Class::NotFound));
    assert_eq!(child.wait().expect("an end").code(), Some(1));
    let (mut child, socket) = start();
    drop(socket);
    assert_eq!(child.wait().expect("an end").code(), Some(2));
}

#[test]
fn the_program_is_confined_when_it_speaks_to_the_world() {
    let image = image(&[10]);
    let registry =
        Server::start(move |asked| image.store.answer(asked).way(Way::Stall(1, Duration::from_secs(3))));
    let (mut child, socket) = start();
    let order = order(&registry);
    let driver = std::thread::spawn(move || drive(socket, &order, |_| true));
    while registry.asked().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
        assert!(child.try_wait().expect("a state").is_none(), "it ended early");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a state");
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    assert_eq!(
        (line("Seccomp:"), line("NoNewPrivs:")),
        (Some("Seccomp:\t2".into()), Some("NoNewPrivs:\t1".into()))
    );
    child.kill().expect("it runs");
    child.wait().expect("an end");
    // The parent notices that its child is gone.
    assert!(driver.join().is_err());
}
