//! A certificate and its key as two files of one name.

use std::path::{Path, PathBuf};

use corten_api::identity::{Identity, Name};

use crate::error::KeysError;
use crate::files::{Access, Existing, read, read_key, write};

/// Where a certificate and its key lie: `NAME.pem` and `NAME.key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// File of the chain, PEM.
    pub certificate: PathBuf,
    /// File of the key, PKCS #8 in PEM.
    pub key: PathBuf,
}

impl Pair {
    /// The files of this name in a folder. Nothing is read.
    pub(crate) fn new(folder: &Path, stem: &str) -> Self {
        Self { certificate: folder.join(format!("{stem}.pem")), key: folder.join(format!("{stem}.key")) }
    }

    /// The files of a person or program in a folder. Nothing is read.
    pub fn named(folder: &Path, name: &Name) -> Result<Self, KeysError> {
        Ok(Self::new(folder, file_name(name)?))
    }

    /// Fails where one of them is there.
    pub fn check_free(&self) -> Result<(), KeysError> {
        match [&self.key, &self.certificate].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => Err(KeysError::Exists(path.clone())),
            None => Ok(()),
        }
    }

    /// Writes both; neither is overwritten.
    pub fn write(&self, identity: &Identity) -> Result<(), KeysError> {
        self.check_free()?;
        self.put(identity, Existing::Stays)
    }

    /// The key goes first: interrupted in between, it leaves a key that nobody vouches for.
    pub(crate) fn put(&self, identity: &Identity, existing: Existing) -> Result<(), KeysError> {
        write(&self.key, identity.key.as_bytes(), Access::Owner, existing)?;
        let written = write(&self.certificate, identity.chain.as_bytes(), Access::All, existing);
        if written.is_err() && existing == Existing::Stays {
            // Ours, since it was not there before.
            let _ = std::fs::remove_file(&self.key);
        }
        written
    }

    /// Reads both.
    pub fn read(&self) -> Result<Identity, KeysError> {
        Ok(Identity { chain: read(&self.certificate)?.to_string(), key: read_key(&self.key)? })
    }
}

/// A name as that of a file or folder; not every name can be one.
pub fn file_name(name: &Name) -> Result<&str, KeysError> {
    let text = name.as_str();
    if text.contains('/') || text.starts_with('.') {
        Err(KeysError::FileName(name.clone()))
    } else {
        Ok(text)
    }
}
