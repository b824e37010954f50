//! Who is let in by a node, and who is not.

use std::sync::Arc;

use corten_api::identity::{Authority, Client, Fingerprint, Identity};
use corten_api::role::Role;
use corten_api::tls::{self, ServerCheck, TlsError, Trust};
use rcgen::{BasicConstraints, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, Error, ServerConfig, SignatureScheme};

use crate::handshake::{
    DAY, Met, Refusal, admin, authority, der, meet, name, node, now, self_signed, signed, stolen, subject,
};

fn server(authority: &Authority, revoked: &[Fingerprint]) -> Arc<ServerConfig> {
    let trust =
        Trust::Clients { authorities: vec![authority.identity().chain.clone()], revoked: revoked.to_vec() };
    tls::server(&node(authority), &trust).expect("a server")
}

fn client(authority: &Authority, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let check = ServerCheck::Authority(authority.identity().chain.clone());
    tls::client(identity, &check).expect("a client")
}

/// What the node says to a client with this certificate.
fn refusal(authority: &Authority, identity: &Identity) -> Error {
    match meet(client(authority, Some(identity)), server(authority, &[])) {
        Err(Refusal::Server(why)) => why,
        Err(other) => panic!("not refused by the server: {other:?}"),
        Ok(_) => panic!("let in"),
    }
}

#[test]
fn a_client_of_the_authority_is_let_in_with_its_role() {
    let authority = authority();
    for role in Role::ALL {
        let identity = authority.client(&name("Ada Lovelace"), role, now(), 1).expect("a client");
        let Met { client, server } =
            meet(client(&authority, Some(&identity)), server(&authority, &[])).expect("it is let in");
        let certificate = &server.peer_certificates().expect("certificates")[0];
        let caller = Client::read(certificate).expect("a client");
        assert_eq!((caller.name.as_str(), caller.role), ("Ada Lovelace", role));
        assert_eq!(caller.fingerprint, Fingerprint::of(&der(&identity)));
        assert_eq!(server.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
        assert_eq!(server.alpn_protocol(), Some(b"h2".as_slice()));
        assert_eq!(client.alpn_protocol(), Some(b"h2".as_slice()));
    }
}

#[test]
fn every_connection_shows_its_certificate_again() {
    let authority = authority();
    let (client, server) = (client(&authority, Some(&admin(&authority))), server(&authority, &[]));
    for _ in 0..2 {
        let met = meet(client.clone(), server.clone()).expect("it is let in");
        assert_eq!(met.server.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(met.client.tls13_tickets_received(), 0);
    }
}

#[test]
fn nobody_is_let_in_without_a_certificate() {
    let authority = authority();
    let refusal = meet(client(&authority, None), server(&authority, &[])).err();
    assert!(matches!(refusal, Some(Refusal::Server(Error::NoCertificatesPresented))), "{refusal:?}");
}

#[test]
fn dates_are_looked_at() {
    let authority = authority();
    let issue = |at| authority.client(&name("ada"), Role::Admin, at, 5).expect("a client");
    let expired = refusal(&authority, &issue(now() - 10 * DAY));
    assert!(
        matches!(expired, Error::InvalidCertificate(CertificateError::ExpiredContext { .. })),
        "{expired:?}"
    );
    let early = refusal(&authority, &issue(now() + 10 * DAY));
    assert!(
        matches!(early, Error::InvalidCertificate(CertificateError::NotValidYetContext { .. })),
        "{early:?}"
    );
}

#[test]
fn clients_of_others_are_refused() {
    let ours = authority();
    // It even has the same name.
    let foreign = refusal(&ours, &admin(&authority()));
    assert!(matches!(foreign, Error::InvalidCertificate(CertificateError::BadSignature)), "{foreign:?}");

    let alone = self_signed(|it| {
        it.distinguished_name = subject("ada", &["corten:admin"]);
        it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let alone = refusal(&ours, &alone);
    assert!(matches!(alone, Error::InvalidCertificate(CertificateError::UnknownIssuer)), "{alone:?}");
}

#[test]
fn an_authority_is_no_client_and_has_none_below_it() {
    let authority = authority();
    let itself = refusal(&authority, authority.identity());
    assert!(matches!(itself, Error::InvalidCertificate(_)), "{itself:?}");

    let below = signed(&authority, |it| {
        it.distinguished_name = subject("below", &["corten:authority"]);
        it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        it.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let chain = below.chain.clone();
    let below = Authority::read(below).expect("an authority");
    let mut client = admin(&below);
    client.chain.push_str(&chain);
    let refused = refusal(&authority, &client);
    assert!(matches!(refused, Error::InvalidCertificate(CertificateError::UnknownIssuer)), "{refused:?}");
}

#[test]
fn a_certificate_for_something_else_is_refused() {
    let authority = authority();
    let of_node = refusal(&authority, &node(&authority));
    assert!(
        matches!(of_node, Error::InvalidCertificate(CertificateError::InvalidPurposeContext { .. })),
        "{of_node:?}"
    );
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
    for usages in [vec![], vec![ServerAuth], vec![Any], vec![ClientAuth, ServerAuth], vec![ClientAuth, Any]] {
        let made = signed(&authority, |it| {
            it.distinguished_name = subject("ada", &["corten:admin"]);
            it.extended_key_usages = usages.clone();
        });
        let refused = refusal(&authority, &made);
        assert!(matches!(refused, Error::InvalidCertificate(_)), "{usages:?}: {refused:?}");
    }
}

#[test]
fn a_certificate_without_one_role_is_refused() {
    let authority = authority();
    let with = |subject: DistinguishedName| {
        signed(&authority, |it| {
            it.distinguished_name = subject;
            it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    };
    let texts: Vec<String> = [
        subject("ada", &[]),
        subject("ada", &["Acme"]),
        subject("ada", &["corten:"]),
        subject("ada", &["corten:root"]),
        subject("ada", &["corten:Admin"]),
        subject("ada", &["corten:node"]),
        subject("ada", &["corten:reader", "corten:admin"]),
        subject("", &["corten:admin"]),
        subject("a\nb", &["corten:admin"]),
        DistinguishedName::new(),
    ]
    .into_iter()
    .map(|subject| match refusal(&authority, &with(subject)) {
        Error::InvalidCertificate(CertificateError::Other(why)) => why.0.to_string(),
        other => panic!("{other:?}"),
    })
    .collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    "ada" has 0 organisations that begin with "corten:"; expected one, which is its role
    "ada" has 0 organisations that begin with "corten:"; expected one, which is its role
    organisation of "ada": no role ""; expected reader, operator or admin
    organisation of "ada": no role "root"; expected reader, operator or admin
    organisation of "ada": no role "Admin"; expected reader, operator or admin
    "ada" has the role "corten:node", but its extended key usage is not serverAuth alone
    "ada" has 2 organisations that begin with "corten:"; expected one, which is its role
    common name of a certificate: a name of 0 bytes; expected 1 to 64
    common name of a certificate: name "a\nb": only printable ASCII, no '\n'
    a certificate with 0 common names; expected one
    "#);

    // Others may be members of what they like.
    let both = with(subject("ada", &["corten:admin", "Acme"]));
    assert!(meet(client(&authority, Some(&both)), server(&authority, &[])).is_ok());
}

#[test]
fn a_revoked_client_is_refused_and_no_other() {
    let authority = authority();
    let (good, bad) = (admin(&authority), admin(&authority));
    let server = server(&authority, &[Fingerprint::of(&der(&bad))]);
    assert!(meet(client(&authority, Some(&good)), server.clone()).is_ok());
    let refusal = meet(client(&authority, Some(&bad)), server).err();
    assert!(
        matches!(refusal, Some(Refusal::Server(Error::InvalidCertificate(CertificateError::Revoked)))),
        "{refusal:?}"
    );
}

/// Shows a certificate whose key it does not have.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesClientCert for Thief {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn a_certificate_without_its_key_is_worth_nothing() {
    let authority = authority();
    let mut config = ClientConfig::clone(&client(&authority, None));
    config.client_auth_cert_resolver = Arc::new(Thief(stolen(&admin(&authority))));
    let refusal = meet(Arc::new(config), server(&authority, &[])).err();
    assert!(
        matches!(refusal, Some(Refusal::Server(Error::InvalidCertificate(CertificateError::BadSignature)))),
        "{refusal:?}"
    );
}

#[test]
fn a_client_of_any_of_several_authorities_is_let_in() {
    let (old, new) = (authority(), authority());
    let both = format!("{}{}", old.identity().chain, new.identity().chain);
    let node = node(&new);
    for authorities in [vec![both.clone()], vec![old.identity().chain.clone(), new.identity().chain.clone()]]
    {
        let server = tls::server(&node, &Trust::Clients { authorities, revoked: vec![] }).expect("a server");
        for authority in [&old, &new] {
            let check = ServerCheck::Authority(both.clone());
            let client = tls::client(Some(&admin(authority)), &check).expect("a client");
            assert!(meet(client, server.clone()).is_ok());
        }
    }
}

#[test]
fn in_maintenance_a_client_is_nobody() {
    let authority = authority();
    let server = tls::server(&node(&authority), &Trust::Maintenance).expect("a server");
    for identity in [None, Some(admin(&authority))] {
        let met = meet(client(&authority, identity.as_ref()), server.clone()).expect("it is let in");
        assert_eq!(met.server.peer_certificates(), None);
    }
}

#[test]
fn older_tls_is_refused() {
    let authority = authority();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der(authority.identity())).expect("an authority");
    let old = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("TLS 1.2")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let maintenance = tls::server(&node(&authority), &Trust::Maintenance).expect("a server");
    for server in [server(&authority, &[]), maintenance] {
        let refusal = meet(Arc::new(old.clone()), server).err();
        assert!(matches!(refusal, Some(Refusal::Server(Error::PeerIncompatible(_)))), "{refusal:?}");
    }
}

#[test]
fn what_nobody_could_be_let_in_by_is_an_error() {
    let authority = authority();
    let with = |authorities: &[&str]| {
        let authorities = authorities.iter().map(|pem| (*pem).to_owned()).collect();
        tls::server(&node(&authority), &Trust::Clients { authorities, revoked: vec![] })
    };
    assert!(matches!(with(&[]), Err(TlsError::NoAuthority)));
    assert!(matches!(with(&["hello"]), Err(TlsError::AuthorityPem(_))));
    // Taken for an authority, it would let itself in.
    assert!(matches!(with(&[&admin(&authority).chain]), Err(TlsError::Authority(_))));

    let trust = Trust::Clients { authorities: vec![authority.identity().chain.clone()], revoked: vec![] };
    let mixed = Identity { chain: node(&authority).chain, key: node(&authority).key };
    assert!(matches!(tls::server(&mixed, &trust), Err(TlsError::Library(Error::InconsistentKeys(_)))));
    let no_key = Identity { key: String::new().into(), ..node(&authority) };
    assert!(matches!(tls::server(&no_key, &trust), Err(TlsError::Identity(_))));
}

#[test]
fn a_check_finds_what_a_handshake_would() {
    let authority = authority();
    let trusted = [authority.identity().chain.clone()];
    let client = authority.client(&name("ada"), Role::Reader, now(), 2).expect("a client").chain;
    let at = |days: i64| tls::check_client(&client, &trusted, now() + days * DAY).map(|client| client.role);
    assert!(matches!(at(0), Ok(Role::Reader)));
    assert!(matches!(at(3), Err(TlsError::Library(_))));
    assert!(matches!(at(-3), Err(TlsError::Library(_))));
    assert!(tls::check_client(&client, &[self::authority().identity().chain.clone()], now()).is_err());
}
