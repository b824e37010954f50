//! Whom a registry's certificate may be from.

use std::sync::Arc;

use corten_fetch::Class;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::image::image;
use crate::pull::{order, pull};
use crate::server::Server;

/// An authority that signs certificates of servers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn pem(&self) -> String {
        self.pem.clone()
    }

    /// Certificate and key of a server, PEM.
    pub fn certificate(&self, host: &str) -> (String, String) {
        let params = CertificateParams::new(vec![host.to_owned()]).expect("parameters");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// A server of that name.
    pub fn server(&self, host: &str) -> Arc<ServerConfig> {
        use rustls::pki_types::pem::PemObject as _;
        let (certificate, key) = self.certificate(host);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_no_client_auth();
        Arc::new(builder.with_single_cert(chain, key).expect("a pair"))
    }
}

#[test]
fn authorities_of_the_node_and_of_the_registry_and_of_the_world_are_trusted() {
    let image = image(&[100_000, 10]);
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let store = image.store.clone();
    let registry = Server::tls(ours.server("127.0.0.1"), move |asked| store.answer(asked));
    let mut order = order(&registry);
    order.authorities = vec![other.pem()];
    order.registry.authorities = vec![ours.pem()];
    pull(&order).assert_is(&image);
    order.authorities = vec![ours.pem()];
    order.registry.authorities = Vec::new();
    pull(&order).assert_is(&image);
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("ca-certificates.crt");
    std::fs::write(&bundle, ["garbage\n", &other.pem(), &ours.pem()].concat()).expect("written");
    order.authorities = Vec::new();
    order.certificates = vec![folder.path().join("nothing"), bundle];
    pull(&order).assert_is(&image);
}

#[test]
fn nobody_else_is_trusted_and_it_is_not_tried_twice() {
    let image = image(&[10]);
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let store = image.store.clone();
    let registry = Server::tls(ours.server("127.0.0.1"), move |asked| store.answer(asked));
    let mut order = order(&registry);
    for authorities in [vec![], vec![other.pem()]] {
        order.registry.authorities = authorities;
        let pulled = pull(&order);
        assert_eq!((pulled.class(), pulled.troubles.len()), (Some(Class::Unreachable), 0));
        assert!(pulled.message().contains("UnknownIssuer"), "{}", pulled.message());
    }
    let named = Server::tls(ours.server("registry.test"), |_| crate::server::Reply::status(404));
    let mut order = crate::pull::order(&named);
    order.registry.authorities = vec![ours.pem()];
    assert_eq!(pull(&order).class(), Some(Class::Unreachable));
    assert!(registry.asked().iter().chain(&named.asked()).all(|asked| !asked.line.starts_with("GET")));
}

#[test]
fn a_redirect_away_from_tls_is_not_followed() {
    let image = image(&[10]);
    let ours = Authority::new("ours");
    let plain = Server::start(move |asked| image.store.answer(asked));
    let place = plain.place();
    let registry = Server::tls(ours.server("127.0.0.1"), move |asked| {
        crate::server::Reply::status(302).with("Location", format!("{place}{}", asked.path))
    });
    let mut order = order(&registry);
    order.registry.authorities = vec![ours.pem()];
    let pulled = pull(&order);
    assert_eq!(pulled.class(), Some(Class::Unreachable));
    assert!(plain.asked().is_empty());
}
