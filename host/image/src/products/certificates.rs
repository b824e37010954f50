//! The certificate bundle that ca-certificates' postinst makes: every certificate below
//! `/usr/share/ca-certificates`, in order of path, in one file.

use bytes::{BufMut, Bytes, BytesMut};
use corten_formats::tree::Kind;

use crate::assembly::{Assembly, Origin};
use crate::error::Error;
use crate::select::Contents;

const FOLDER: &str = "/usr/share/ca-certificates/";
/// Where every program that uses TLS looks on a Debian system.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Makes the bundle from the selected packages; nothing happens where none has certificates.
pub fn certificates(assembly: &mut Assembly, packages: &[&Contents]) -> Result<(), Error> {
    let mut bundle = BytesMut::new();
    for contents in packages {
        for (path, node) in contents.entries.range(FOLDER.to_owned()..) {
            if !path.starts_with(FOLDER) {
                break;
            }
            if let Kind::File(content) = &node.kind
                && path.ends_with(".crt")
            {
                bundle.put(content.as_ref());
                if !content.ends_with(b"\n") {
                    bundle.put_u8(b'\n');
                }
            }
        }
    }
    if bundle.is_empty() {
        return Ok(());
    }
    assembly.file(BUNDLE, Bytes::from(bundle), 0o644, Origin::Produced("certificate bundle"))?;
    assembly.symlink("/usr/lib/ssl/certs", "/etc/ssl/certs", Origin::Produced("certificate bundle"))
}
