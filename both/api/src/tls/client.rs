//! The client's side: how it knows that it talks to the node that it means.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, OtherError, PeerIncompatible, RootCertStore, SignatureScheme,
};

use super::{ALPN, TlsError, chain, provider, refused, roots};
use crate::identity::{Certificate, Fingerprint, Identity};

/// How a client knows a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerCheck {
    /// It has a node certificate of one of these authorities, PEM.
    Authority(String),
    /// It has exactly this certificate. Nothing else is looked at, so it may be the node's own and of any date.
    Pinned(Fingerprint),
    /// Not at all: first use. It has the key of the certificate that it shows, no more; take the fingerprint of that
    /// from the first of the connection's `peer_certificates`, and ask the person before the console.
    Unknown,
}

/// A node whose certificate is not the pinned one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node's certificate is {found}; expected {expected}")]
pub struct NotPinned {
    /// What the node showed.
    pub found: Fingerprint,
    /// What was pinned.
    pub expected: Fingerprint,
}

/// The client's side of TLS, with its certificate if it has one. With TLS 1.3 a client learns only when it reads
/// that the node refused its certificate.
///
/// The name that a connection is made with is not compared with the certificate, and not sent. Nodes are reached by
/// addresses that change and through forwarded ports, and none of these names is anybody's to vouch for. What counts
/// is that the certificate is a node's and of the owner's own authority, which signs nothing but that owner's nodes
/// and clients, and no client has a certificate that passes for a node's. The names of public web sites can't be
/// treated like this, since their authorities sign for everybody. One of the owner's nodes can pass for another:
/// where that matters, pin its certificate.
pub fn client(identity: Option<&Identity>, check: &ServerCheck) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = provider();
    let check = match check {
        ServerCheck::Authority(pem) => Check::Authority(roots([pem])?),
        ServerCheck::Pinned(fingerprint) => Check::Pinned(*fingerprint),
        ServerCheck::Unknown => Check::Unknown,
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { check, provider }));
    let mut config = match identity {
        Some(identity) => {
            let (chain, key) = chain(identity)?;
            builder.with_client_auth_cert(chain, key)?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(Arc::new(config))
}

#[derive(Debug)]
enum Check {
    Authority(Arc<RootCertStore>),
    Pinned(Fingerprint),
    Unknown,
}

#[derive(Debug)]
struct Verifier {
    check: Check,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.check {
            Check::Authority(roots) => {
                let parsed = ParsedCertificate::try_from(end_entity)?;
                let algorithms = self.provider.signature_verification_algorithms.all;
                // Signed by an authority directly, validity, and serverAuth where there is an extended key usage.
                verify_server_cert_signed_by_trust_anchor(&parsed, roots, &[], now, algorithms)?;
                Certificate::read_node(end_entity).map_err(refused)?;
            }
            Check::Pinned(expected) => {
                let found = Fingerprint::of(end_entity);
                if found != *expected {
                    let error = NotPinned { found, expected: *expected };
                    return Err(rustls::CertificateError::Other(OtherError(Arc::new(error))).into());
                }
            }
            Check::Unknown => {}
        }
        Ok(ServerCertVerified::assertion())
    }

    /// TLS 1.2 is never spoken.
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
