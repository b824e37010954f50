//! Whom a target's certificate may be from: the authorities of the image and those of the configuration.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::root::Root;

/// The bundle of the image.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Bytes of it that are read; Debian's has a quarter of a megabyte.
const MAX_BUNDLE: u64 = 4 << 20;

/// TLS as a target is spoken to. Certificates that can't be read are left out: an old one in the bundle must not end
/// the trust in all others.
pub fn client(root: &Root, configured: &[String]) -> Result<ClientConfig, rustls::Error> {
    let mut store = RootCertStore::empty();
    let mut bundle = Vec::new();
    if let Ok(file) = File::open(root.path(BUNDLE)) {
        // What could be read is used.
        let _ = file.take(MAX_BUNDLE).read_to_end(&mut bundle);
    }
    for pem in configured.iter().map(String::as_bytes).chain([bundle.as_slice()]) {
        store.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).flatten());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}
