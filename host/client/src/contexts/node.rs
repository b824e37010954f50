//! One node as the contexts keep it.

use std::path::{Path, PathBuf};

use corten_api::identity::Fingerprint;

use super::Address;

/// A node: where it is, how it is recognised, and who one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it listens.
    pub address: Address,
    /// How it is recognised.
    pub trust: Trust,
    /// Who one is there; `None` for a node that knows nobody yet, which only says what it is.
    pub credentials: Option<Credentials>,
    /// For people: where the node is from.
    pub note: Option<String>,
}

/// How a node is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// An authority, whose certificate is in this PEM file, vouches for it.
    Authority(PathBuf),
    /// It shows the certificate with this fingerprint.
    Fingerprint(Fingerprint),
}

/// Files that say who one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The certificate, PEM, with what leads to its authority.
    pub certificate: PathBuf,
    /// Its key, PKCS #8 in PEM.
    pub key: PathBuf,
}

impl Node {
    /// The same with paths that count from a folder where they are not absolute.
    #[must_use]
    pub fn below(self, folder: &Path) -> Self {
        let trust = match self.trust {
            Trust::Authority(path) => Trust::Authority(folder.join(path)),
            pinned @ Trust::Fingerprint(_) => pinned,
        };
        let credentials = self.credentials.map(|files| Credentials {
            certificate: folder.join(files.certificate),
            key: folder.join(files.key),
        });
        Self { trust, credentials, ..self }
    }
}
