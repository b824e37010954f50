//! Connecting: who is let in, who is recognised, and what is said where that fails.

use corten_api::role::Role;
use corten_api::tls::{ServerCheck, Trust as Clients};
use corten_client::ask;
use corten_client::connection::{Connection, NodeError, Refusal};
use corten_client::contexts::{Node, Trust};
use corten_client::view::Info;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::fake::{Facts, Fake, Owner, fingerprint, own_certificate};

async fn info(node: &Node) -> Result<Info, NodeError> {
    ask::info(Connection::open(node).await?).await
}

#[tokio::test]
async fn a_node_of_the_owner_answers() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let found = info(&owner.context(fake.at)).await.expect("it answers");
    assert_eq!((found.hostname(), found.version()), ("lab", "1.4.2"));
}

/// What comes before the link of a node is up is lost, and so is the rest of that connection.
#[tokio::test]
async fn a_node_that_loses_the_first_connection_is_reached_by_a_second_one() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let (at, behind) = (listener.local_addr().expect("it has an address"), fake.at);
    tokio::spawn(async move {
        let _lost = listener.accept().await.expect("somebody comes");
        let (mut client, _) = listener.accept().await.expect("and comes again");
        let mut node = TcpStream::connect(behind).await.expect("it listens");
        // The client ends it when it has its answer.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut node).await;
    });
    let found = info(&owner.context(at)).await.expect("it answers in time");
    assert_eq!(found.hostname(), "lab");
}

#[tokio::test]
async fn a_pinned_certificate_is_enough_and_another_one_is_shown_with_both_fingerprints() {
    let owner = Owner::new();
    let certificate = own_certificate();
    let fake = Fake::start(&certificate, &Clients::Maintenance, Facts::default());
    let mut node = owner.context(fake.at);
    node.trust = Trust::Fingerprint(fake.fingerprint);
    info(&node).await.expect("it is the one");

    let other = fingerprint(&own_certificate());
    node.trust = Trust::Fingerprint(other);
    let error = info(&node).await.expect_err("it is another one");
    let NodeError::OtherCertificate { found, expected, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*found, *expected), (fake.fingerprint, other));
    let told = error.to_string();
    assert!(told.contains(&found.to_string()) && told.contains(&expected.to_string()), "{told}");
}

#[tokio::test]
async fn on_first_use_the_fingerprint_is_what_was_seen() {
    let owner = Owner::new();
    let fake = Fake::start(&own_certificate(), &Clients::Maintenance, Facts::default());
    let address = owner.context(fake.at).address;
    let connection = Connection::dial(&address, None, &ServerCheck::Unknown).await.expect("anybody will do");
    assert_eq!(connection.fingerprint(), fake.fingerprint);
}

#[tokio::test]
async fn a_node_that_nobody_vouches_for_is_not_talked_to() {
    let owner = Owner::new();
    let fake = Fake::start(&own_certificate(), &Clients::Maintenance, Facts::default());
    let error = info(&owner.context(fake.at)).await.expect_err("it has a certificate of its own");
    assert!(matches!(error, NodeError::OtherAuthority { .. }), "{error:?}");
    assert!(error.remedy().expect("there is one").contains("pair"));
}

#[tokio::test]
async fn a_client_that_the_node_does_not_know_is_told_so() {
    let (owner, stranger) = (Owner::new(), Owner::new());
    let fake = Fake::of(&owner, "lab");
    let mut node = owner.context(fake.at);
    node.credentials = Some(stranger.client(Role::Admin));
    let error = info(&node).await.expect_err("its authority is another one");
    assert!(matches!(error, NodeError::NotLetIn { reason: Refusal::OtherAuthority }), "{error:?}");

    node.credentials = None;
    let error = info(&node).await.expect_err("there is no certificate");
    assert!(matches!(error, NodeError::NotLetIn { reason: Refusal::NoCertificate }), "{error:?}");
}

#[tokio::test]
async fn a_port_where_nothing_listens_and_one_where_somebody_else_does() {
    let owner = Owner::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let at = listener.local_addr().expect("it has an address");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.expect("it is sent");
    });
    let node = owner.context(at);
    let error = info(&node).await.expect_err("that is no TLS");
    assert!(matches!(error, NodeError::NoTls { .. }), "{error:?}");
    server.await.expect("it ends");
    let error = info(&node).await.expect_err("nobody is there any more");
    assert!(matches!(error, NodeError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_missing_or_another_keys_is_named() {
    let owner = Owner::new();
    let mut node = owner.context("127.0.0.1:1".parse().expect("an address"));
    let (one, other) = (owner.client(Role::Admin), owner.client(Role::Reader));
    let mut mixed = one.clone();
    mixed.key = other.key;
    node.credentials = Some(mixed);
    let error = info(&node).await.expect_err("they do not fit");
    assert!(error.to_string().contains("reader.key"), "{error}");

    node.credentials = Some(one);
    node.trust = Trust::Authority("/nowhere/authority.pem".into());
    let error = info(&node).await.expect_err("there is no such file");
    assert!(error.to_string().starts_with("/nowhere/authority.pem: "), "{error}");
}
