//! Who may answer: the authorities that the world trusts, those of the node, and those of the registry.
//!
//! Those of the registry hold for all that one pull asks: stores and token services of a registry with an authority of
//! its own mostly have certificates of the same. The process ends with the pull, and content is known by its digest.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::protocol::Order;

/// Bytes of a file with certificates; Debian's has a quarter of a megabyte.
const MAX_BUNDLE: u64 = 4 << 20;

/// Certificates of authorities.
pub type Roots = Arc<Vec<Certificate<'static>>>;

/// An authority of the settings that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an authority of the settings is not a certificate in PEM")]
pub struct BadAuthority;

/// Reads all authorities of an order. This is the only time that files of the node are read but for those of name
/// look-ups. Of the world's bundle, what can't be read is left out: an old certificate must not end the trust in all
/// others.
pub fn roots(order: &Order) -> Result<Roots, BadAuthority> {
    let mut roots = Vec::new();
    for pem in order.authorities.iter().chain(&order.registry.authorities) {
        let before = roots.len();
        roots.extend(certificates(pem.as_bytes()));
        if roots.len() == before {
            return Err(BadAuthority);
        }
    }
    for path in &order.certificates {
        roots.extend(certificates(&bundle(path)));
    }
    Ok(Arc::new(roots))
}

fn bundle(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // What could be read is used.
        let _ = file.take(MAX_BUNDLE).read_to_end(&mut bytes);
    }
    bytes
}

fn certificates(pem: &[u8]) -> impl Iterator<Item = Certificate<'static>> {
    parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    })
}

/// TLS with the provider of aws-lc and these authorities.
pub(super) fn tls(roots: &Roots) -> TlsConfig {
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::Specific(Arc::clone(roots)))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_settings_say_has_to_be_a_certificate() {
        let order = Order { authorities: vec!["no certificate".into()], ..Order::new("r.test/a") };
        assert_eq!(roots(&order).map(|roots| roots.len()), Err(BadAuthority));
        let order = Order { certificates: vec!["/nowhere".into()], ..Order::new("r.test/a") };
        assert_eq!(roots(&order).map(|roots| roots.len()), Ok(0));
    }
}
