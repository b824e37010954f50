//! TLS between clients and nodes: version 1.3 alone, aws-lc-rs as provider, HTTP/2 by ALPN.
//!
//! Chains and signatures are verified by rustls' own code. What is added here only ever refuses more: certificates
//! that are for something else, that give no role, or that were revoked; and those that another authority stands
//! between. Path length 0 says so in the authority's certificate, but nobody looks at that in a trust anchor. Who has
//! a hierarchy trusts its lowest authority.
//!
//! Sessions are never resumed. A resumed one would skip the client's certificate, and with it revocation and expiry;
//! connections are few and long, so a handshake costs nothing that matters. There is no early data either, which
//! somebody in between could send twice.

mod client;
mod server;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{OtherError, RootCertStore};

pub use client::{NotPinned, ServerCheck, client};
pub use server::{Trust, check_client, server};

use crate::identity::{Certificate, CertificateError, Identity, PemError, certificates};

/// What HTTP/2 is called in the handshake.
const ALPN: &[u8] = b"h2";

/// Identities or authorities that no connection can be made with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Certificates or key of this side.
    #[error("own certificate: {0}")]
    Identity(#[source] PemError),
    /// The certificate of an authority, as text.
    #[error("certificate of an authority: {0}")]
    AuthorityPem(#[source] PemError),
    /// The certificate of an authority.
    #[error("certificate of an authority: {0}")]
    Authority(#[source] CertificateError),
    /// The certificate of a client.
    #[error("certificate of a client: {0}")]
    Client(#[source] CertificateError),
    /// Nobody could be trusted.
    #[error("no authority is named, so nobody could be let in")]
    NoAuthority,
    /// The library refuses; for a key that is another certificate's too.
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
    /// The library refuses the authorities.
    #[error("TLS: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn chain(identity: &Identity) -> Result<Chain, TlsError> {
    let chain = certificates(&identity.chain).map_err(TlsError::Identity)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes());
    Ok((chain, key.map_err(|_| TlsError::Identity(PemError::NoKey))?))
}

/// The authorities in these texts. Each has to be one: rustls would take any certificate for an anchor.
fn roots<'a>(pems: impl IntoIterator<Item = &'a String>) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for pem in pems {
        for der in certificates(pem).map_err(TlsError::AuthorityPem)? {
            Certificate::read_authority(&der).map_err(TlsError::Authority)?;
            roots.add(der)?;
        }
    }
    if roots.is_empty() { Err(TlsError::NoAuthority) } else { Ok(Arc::new(roots)) }
}

/// Whether clients of these authorities could be let in: certificates, PEM, of authorities and nothing else.
pub fn check_authorities(pems: &[String]) -> Result<(), TlsError> {
    roots(pems).map(drop)
}

/// A refusal of ours, for rustls to tell the other side.
fn refused(error: CertificateError) -> rustls::Error {
    rustls::CertificateError::Other(OtherError(Arc::new(error))).into()
}
