//! The certificate that the node shows: the configured one, else one that it made itself and keeps, so that clients
//! that pinned it know it again.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use corten_api::identity::{Fingerprint, Identity, IssueError, Name, certificates, self_signed_node};
use corten_config::settings::Api;
use zeroize::Zeroizing;

use crate::durable;

/// Days that a certificate of the node's own is valid. It is known by its fingerprint, and a new one would have to be
/// pinned anew by everybody.
const DAYS: u32 = 36_500;
/// Bytes of the largest file that is read.
const MAX_BYTES: u64 = 64 << 10;
/// The name in a certificate of the node's own, which says nothing of the machine.
const NAME: &str = "corten";

/// Why a node can't show a certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A certificate can't be made or used.
    #[error("a certificate of the node's own: {0}")]
    Own(#[from] IssueError),
    /// It can't be kept.
    #[error("{}: {error}", path.display())]
    Keep {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// SHA-256 of the first certificate of a chain.
pub fn fingerprint(identity: &Identity) -> Option<Fingerprint> {
    let chain = certificates(&identity.chain).ok()?;
    Some(Fingerprint::of(chain.first()?))
}

/// The configured certificate.
pub fn configured(api: &Api) -> Option<Identity> {
    let certificate = api.certificate.as_ref()?;
    Some(Identity { chain: certificate.chain.clone(), key: Zeroizing::new(certificate.key.clone()) })
}

/// The certificate that is kept in a folder, made if there is none that can be used.
pub fn own(folder: &Path, now_seconds: i64) -> Result<Identity, CertificateError> {
    let (chain, key) = (folder.join("node.pem"), folder.join("node.key"));
    match (read(&chain), read(&key)) {
        (Ok(chain), Ok(key)) => {
            let kept = Identity { chain, key: Zeroizing::new(key) };
            if kept.check().is_ok() {
                return Ok(kept);
            }
        }
        // It may be whole: a new one in its place would break every pin.
        (Err(error), _) if error.kind() != io::ErrorKind::NotFound => {
            return Err(CertificateError::Keep { path: chain, error });
        }
        (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            return Err(CertificateError::Keep { path: key, error });
        }
        _ => {}
    }
    let made = made(now_seconds)?;
    let keep = |path: PathBuf, content: &[u8]| {
        durable::replace(&path, content).map_err(|error| CertificateError::Keep { path, error })
    };
    // The key first: a certificate without its key would be taken for one that is damaged.
    keep(key, made.key.as_bytes())?;
    keep(chain, made.chain.as_bytes())?;
    Ok(made)
}

/// A new certificate of the node's own.
pub fn made(now_seconds: i64) -> Result<Identity, CertificateError> {
    let name: Name = NAME.parse().expect("it is short and printable");
    Ok(self_signed_node(&name, &[], now_seconds, DAYS)?)
}

fn read(path: &Path) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    #[test]
    fn a_certificate_is_made_once_and_its_key_is_for_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("agent");
        let made = own(&path, NOW).expect("it can be made");
        assert_eq!(own(&path, NOW + 1000).expect("it is kept"), made);
        let key = fs::metadata(path.join("node.key")).expect("a file").permissions().mode();
        assert_eq!(key & 0o7777, 0o600);
        // What the power cut in half is made anew.
        fs::write(path.join("node.pem"), &made.chain[..100]).expect("a file");
        let other = own(&path, NOW).expect("it can be made");
        assert_ne!(fingerprint(&other), fingerprint(&made));
    }
}
