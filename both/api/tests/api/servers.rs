//! Which nodes a client believes, and which it does not.

use std::sync::Arc;

use corten_api::identity::{Fingerprint, Identity, self_signed_node};
use corten_api::tls::{self, ServerCheck, Trust};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, ServerConfig};

use crate::handshake::{
    DAY, Met, Refusal, admin, authority, der, meet, name, node, now, self_signed, signed, stolen, subject,
};

/// What a client says to a node with this certificate.
fn outcome(check: &ServerCheck, server: Arc<ServerConfig>) -> Result<Met, Error> {
    let client = tls::client(None, check).expect("a client");
    meet(client, server).map_err(|why| match why {
        Refusal::Client(why) => why,
        Refusal::Server(why) => panic!("refused by the server: {why:?}"),
    })
}

fn server(identity: &Identity) -> Arc<ServerConfig> {
    tls::server(identity, &Trust::Maintenance).expect("a server")
}

fn refusal(check: &ServerCheck, server: Arc<ServerConfig>) -> Error {
    outcome(check, server).err().expect("it is refused")
}

#[test]
fn a_node_of_the_authority_is_believed_by_whatever_name() {
    let authority = authority();
    let check = ServerCheck::Authority(authority.identity().chain.clone());
    let addresses = ["node-1.example".parse().expect("a name"), "198.51.100.7".parse().expect("an address")];
    let node = authority.node(&name("node-1"), &addresses, now(), 30).expect("a node");
    assert!(outcome(&check, server(&node)).is_ok());
}

#[test]
fn what_is_no_node_of_the_authority_is_refused() {
    let authority = authority();
    let check = ServerCheck::Authority(authority.identity().chain.clone());
    let bad = |why: &Error| matches!(why, Error::InvalidCertificate(_));

    let expired = authority.node(&name("node-1"), &[], now() - 10 * DAY, 5).expect("a node");
    let why = refusal(&check, server(&expired));
    assert!(matches!(why, Error::InvalidCertificate(CertificateError::ExpiredContext { .. })), "{why:?}");

    let foreign = node(&crate::handshake::authority());
    let why = refusal(&check, server(&foreign));
    assert!(matches!(why, Error::InvalidCertificate(CertificateError::BadSignature)), "{why:?}");

    let alone = self_signed_node(&name("node-1"), &[], now(), 30).expect("a node");
    let why = refusal(&check, server(&alone));
    assert!(matches!(why, Error::InvalidCertificate(CertificateError::UnknownIssuer)), "{why:?}");

    // A client, even an administrator, can't pass for a node.
    let why = refusal(&check, server(&admin(&authority)));
    assert!(
        matches!(why, Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. })),
        "{why:?}"
    );
    assert!(bad(&refusal(&check, server(authority.identity()))));

    for (usages, organisation) in [
        (vec![], "corten:node"),
        (vec![ExtendedKeyUsagePurpose::Any], "corten:node"),
        (vec![ExtendedKeyUsagePurpose::ServerAuth], "corten:admin"),
        (vec![ExtendedKeyUsagePurpose::ServerAuth], "Acme"),
        (vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth], "corten:node"),
    ] {
        let made = signed(&authority, |it| {
            it.distinguished_name = subject("node-1", &[organisation]);
            it.extended_key_usages = usages.clone();
        });
        let why = refusal(&check, server(&made));
        assert!(bad(&why), "{usages:?} {organisation}: {why:?}");
    }
}

#[test]
fn a_pinned_node_is_that_one_whatever_its_dates_and_no_other() {
    let old = self_signed_node(&name("node-1"), &[], now() - 100 * DAY, 5).expect("a node");
    let fingerprint = Fingerprint::of(&der(&old));
    let check = ServerCheck::Pinned(fingerprint);
    assert!(outcome(&check, server(&old)).is_ok());

    let other = self_signed_node(&name("node-1"), &[], now(), 5).expect("a node");
    let why = refusal(&check, server(&other)).to_string();
    assert!(why.contains(&fingerprint.to_string()), "{why}");
    assert!(why.contains(&Fingerprint::of(&der(&other)).to_string()), "{why}");

    // Nor is any node of the authority the pinned one.
    let authority = authority();
    let pinned = ServerCheck::Pinned(Fingerprint::of(&der(&node(&authority))));
    assert!(outcome(&pinned, server(&node(&authority))).is_err());
}

#[test]
fn the_first_time_any_certificate_is_taken_and_reported() {
    for identity in [
        self_signed_node(&name("node-1"), &[], now(), 5).expect("a node"),
        self_signed(|it| it.distinguished_name = subject("somebody", &[])),
    ] {
        let met = outcome(&ServerCheck::Unknown, server(&identity)).expect("it is taken");
        let shown = &met.client.peer_certificates().expect("certificates")[0];
        assert_eq!(Fingerprint::of(shown), Fingerprint::of(&der(&identity)));
    }
}

/// Shows a certificate whose key it does not have.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesServerCert for Thief {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[test]
fn a_certificate_without_its_key_is_refused_by_every_check() {
    let authority = authority();
    let victim = node(&authority);
    let mut thief = ServerConfig::clone(&server(&victim));
    thief.cert_resolver = Arc::new(Thief(stolen(&victim)));
    let thief = Arc::new(thief);
    for check in [
        ServerCheck::Authority(authority.identity().chain.clone()),
        ServerCheck::Pinned(Fingerprint::of(&der(&victim))),
        ServerCheck::Unknown,
    ] {
        assert!(outcome(&check, server(&victim)).is_ok(), "{check:?}");
        let why = refusal(&check, thief.clone());
        assert!(
            matches!(why, Error::InvalidCertificate(CertificateError::BadSignature)),
            "{check:?}: {why:?}"
        );
    }
}

#[test]
fn older_tls_is_refused() {
    let victim = node(&authority());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls::pki_types::pem::PemObject::from_pem_slice(victim.key.as_bytes()).expect("a key");
    let old = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("TLS 1.2")
        .with_no_client_auth()
        .with_single_cert(vec![der(&victim)], key)
        .expect("a server");
    let client = tls::client(None, &ServerCheck::Unknown).expect("a client");
    let why = meet(client, Arc::new(old)).err();
    assert!(matches!(why, Some(Refusal::Server(Error::PeerIncompatible(_)))), "{why:?}");
}
