//! The certificate bundle that ca-certificates' postinst makes: the selected certificates, in
//! order of path, in one file.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::assembly::{Assembly, Origin};
use crate::error::Error;

/// Where every program that uses TLS looks on a Debian system.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes the bundle from the certificates in the order in which they are given; nothing happens without any.
pub fn certificates(assembly: &mut Assembly, certificates: &[Bytes]) -> Result<(), Error> {
    if certificates.is_empty() {
        return Ok(());
    }
    let mut bundle = BytesMut::new();
    for certificate in certificates {
        bundle.put(certificate.as_ref());
        if !certificate.ends_with(b"\n") {
            bundle.put_u8(b'\n');
        }
    }
    assembly.file(BUNDLE, Bytes::from(bundle), 0o644, Origin::Produced("certificate bundle"))?;
    assembly.symlink("/usr/lib/ssl/certs", "/etc/ssl/certs", Origin::Produced("certificate bundle"))
}
