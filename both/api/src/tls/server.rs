//! The node's side: whose clients are let in.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};

use super::{ALPN, TlsError, chain, provider, refused, roots};
use crate::identity::{Client, Fingerprint, Identity, PemError, certificates};

/// Whom a node lets in.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Clients of these authorities.
    Clients {
        /// Certificates of authorities, PEM, one or more in each; at least one.
        authorities: Vec<String>,
        /// Clients that are not let in any more.
        revoked: Vec<Fingerprint>,
    },
    /// Everybody: the node has no configuration, so it knows nobody. No certificate is asked for, so what a client
    /// has is neither seen nor believed; see [`crate::methods::Maintenance`].
    Maintenance,
}

/// The node's side of TLS, with the certificate that it shows. After the handshake the caller is what
/// [`Client::read`] finds in the first of the connection's `peer_certificates`.
///
/// Revocation and expiry are looked at when a connection begins. Whoever applies another [`Trust`] has to close the
/// connections of clients that it would not let in.
pub fn server(identity: &Identity, trust: &Trust) -> Result<Arc<ServerConfig>, TlsError> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&rustls::version::TLS13])?;
    let builder = match trust {
        Trust::Clients { authorities, revoked } => {
            builder.with_client_cert_verifier(Arc::new(Verifier::new(authorities, revoked)?))
        }
        Trust::Maintenance => builder.with_no_client_auth(),
    };
    let (chain, key) = chain(identity)?;
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// Whether these authorities let a client in at a time, seconds since 1970: what a handshake would find of its
/// certificate, PEM. Says nothing of the key.
pub fn check_client(chain: &str, authorities: &[String], at: i64) -> Result<Client, TlsError> {
    let chain = certificates(chain).map_err(TlsError::Identity)?;
    let first = chain.first().ok_or(TlsError::Identity(PemError::NoCertificate))?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at.try_into().unwrap_or_default()));
    Verifier::new(authorities, &[])?.verify_client_cert(first, &[], at)?;
    Client::read(first).map_err(TlsError::Client)
}

/// rustls' verifier, and after it: a role, and not revoked.
#[derive(Debug)]
struct Verifier {
    webpki: Arc<dyn ClientCertVerifier>,
    revoked: HashSet<Fingerprint>,
}

impl Verifier {
    fn new(authorities: &[String], revoked: &[Fingerprint]) -> Result<Self, TlsError> {
        let webpki = WebPkiClientVerifier::builder_with_provider(roots(authorities)?, provider()).build()?;
        Ok(Self { webpki, revoked: revoked.iter().copied().collect() })
    }
}

impl ClientCertVerifier for Verifier {
    /// None: they would tell anybody who reaches the port what the authorities are called.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // Authorities sign directly.
        let verified = self.webpki.verify_client_cert(end_entity, &[], now)?;
        // rustls takes a certificate without extended key usage; this one does not.
        let client = Client::read(end_entity).map_err(refused)?;
        if self.revoked.contains(&client.fingerprint) {
            return Err(rustls::CertificateError::Revoked.into());
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}
