//! A handshake in memory, and certificates that Corten would never issue.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use corten_api::identity::{Authority, Identity, Name, certificates};
use corten_api::role::Role;
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use zeroize::Zeroizing;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// Now, seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

pub fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// An authority that is valid for a year and began a year ago.
pub fn authority() -> Authority {
    Authority::generate(&name("acme"), now() - 365 * DAY, 730).expect("an authority")
}

pub fn admin(authority: &Authority) -> Identity {
    authority.client(&name("ada"), Role::Admin, now(), 30).expect("a client")
}

pub fn node(authority: &Authority) -> Identity {
    authority.node(&name("node-1"), &[], now(), 30).expect("a node")
}

/// The first certificate, DER.
pub fn der(identity: &Identity) -> CertificateDer<'static> {
    certificates(&identity.chain).expect("PEM").swap_remove(0)
}

/// Who ended a handshake, and why.
#[derive(Debug)]
pub enum Refusal {
    Client(rustls::Error),
    Server(rustls::Error),
}

/// Both sides after a handshake.
pub struct Met {
    pub client: ClientConnection,
    pub server: ServerConnection,
}

/// Lets both meet. The client's certificate is looked at after the client is done, so both have to have read all.
pub fn meet(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<Met, Refusal> {
    let target = ServerName::try_from("192.0.2.1").expect("an address");
    let mut client: Connection = ClientConnection::new(client, target).expect("a client").into();
    let mut server: Connection = ServerConnection::new(server).expect("a server").into();
    while client.wants_write() || server.wants_write() {
        pass(&mut client, &mut server).map_err(Refusal::Server)?;
        pass(&mut server, &mut client).map_err(Refusal::Client)?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking(), "both wait for the other");
    match (client, server) {
        (Connection::Client(client), Connection::Server(server)) => Ok(Met { client, server }),
        _ => unreachable!("they were made as such"),
    }
}

fn pass(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).expect("memory");
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).expect("memory");
        to.process_new_packets()?;
    }
    Ok(())
}

/// A certificate as the authority's key would sign it for somebody who does not use Corten.
pub fn signed(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let key = KeyPair::from_pem(&authority.identity().key).expect("its key");
    let issuer = Issuer::from_ca_cert_der(&der(authority.identity()), key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::default();
    change(&mut parameters);
    let made = parameters.signed_by(&key, &issuer).expect("a certificate");
    Identity { chain: made.pem(), key: Zeroizing::new(key.serialize_pem()) }
}

/// A certificate that signs itself.
pub fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::default();
    change(&mut parameters);
    let made = parameters.self_signed(&key).expect("a certificate");
    Identity { chain: made.pem(), key: Zeroizing::new(key.serialize_pem()) }
}

/// A subject with a common name and these organisations. rcgen holds one of a kind, so further ones stand under the
/// same number as a custom type.
pub fn subject(common: &str, organisations: &[&str]) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, common);
    for (index, organisation) in organisations.iter().enumerate() {
        let kind =
            if index == 0 { DnType::OrganizationName } else { DnType::CustomDnType(vec![2, 5, 4, 10]) };
        subject.push(kind, *organisation);
    }
    subject
}

/// A certificate in the hands of somebody who has another key.
pub fn stolen(identity: &Identity) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::from_pem_slice(KeyPair::generate().expect("a key").serialize_pem().as_bytes());
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key.expect("a key")).expect("a key");
    Arc::new(CertifiedKey::new(vec![der(identity)], key))
}
