//! A folder with a set of keys: what `corten secure-boot keys` leaves, and what else starts from it.
//!
//! ```text
//! db.key  KEK.key  PK.key     the keys, PKCS #8 in PEM, for their owner alone
//! db.pem  ...                 certificates
//! db.der  ...                 the same for firmware menus
//! db.esl  ...                 signature lists
//! db.auth ...                 signed updates, for firmware in setup mode
//! ```

use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::efi::{KeyVariable, SignatureList, read_lists};
use crate::keys::{Enrolment, NewKey};

/// Larger than any of the files that are read here.
const MAX_BYTES: u64 = 1 << 20;

/// A file of a set of keys that can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FolderError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// A folder with a set of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The folder at this path. Nothing is read.
    pub fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// File of a key.
    pub fn key(&self, variable: KeyVariable) -> PathBuf {
        self.file(variable, "key")
    }

    /// File of a certificate.
    pub fn certificate(&self, variable: KeyVariable) -> PathBuf {
        self.file(variable, "pem")
    }

    /// The signature lists of each variable, in the order of [`KeyVariable::ALL`]. Each holds a certificate: firmware
    /// would take what can't be read for no keys at all.
    pub fn lists(&self) -> Result<Vec<(KeyVariable, Vec<u8>)>, FolderError> {
        let all = self.all("esl")?;
        for (variable, lists) in &all {
            let error = |source| FolderError { path: self.file(*variable, "esl"), source };
            let lists = read_lists(lists).map_err(|why| error(io::Error::other(why)))?;
            if lists.iter().flat_map(SignatureList::certificates).next().is_none() {
                return Err(error(io::Error::other("no certificate in it")));
            }
        }
        Ok(all)
    }

    /// The signed updates of each variable, in the order of [`KeyVariable::ALL`].
    pub fn updates(&self) -> Result<Vec<(KeyVariable, Vec<u8>)>, FolderError> {
        self.all("auth")
    }

    /// Fails where a file is there that [`Self::write`] would write.
    pub fn check_free(&self) -> Result<(), FolderError> {
        for variable in KeyVariable::ALL {
            for ending in ["key", "pem", "der", "esl", "auth"] {
                let path = self.file(variable, ending);
                if path.symlink_metadata().is_ok() {
                    let source = io::Error::new(
                        io::ErrorKind::AlreadyExists,
                        "there already, and keys are never overwritten: choose another folder",
                    );
                    return Err(FolderError { path, source });
                }
            }
        }
        Ok(())
    }

    /// Writes a set of keys. The folder is made if need be; no file is overwritten.
    pub fn write(&self, keys: &[NewKey; 3], enrolment: &[Enrolment]) -> Result<(), FolderError> {
        self.check_free()?;
        if !self.0.is_dir() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
            made.map_err(|source| FolderError { path: self.0.clone(), source })?;
        }
        for key in keys {
            self.put(key.variable, "key", key.key.as_bytes())?;
            self.put(key.variable, "pem", key.certificate.as_bytes())?;
            self.put(key.variable, "der", &key.der)?;
        }
        for Enrolment { variable, list, update } in enrolment {
            self.put(*variable, "esl", list)?;
            self.put(*variable, "auth", update)?;
        }
        Ok(())
    }

    fn file(&self, variable: KeyVariable, ending: &str) -> PathBuf {
        self.0.join(format!("{}.{ending}", variable.name()))
    }

    fn all(&self, ending: &str) -> Result<Vec<(KeyVariable, Vec<u8>)>, FolderError> {
        KeyVariable::ALL
            .into_iter()
            .map(|variable| Ok((variable, read(&self.file(variable, ending))?)))
            .collect()
    }

    fn put(&self, variable: KeyVariable, ending: &str, content: &[u8]) -> Result<(), FolderError> {
        let path = self.file(variable, ending);
        let mode = if ending == "key" { 0o600 } else { 0o644 };
        let write = || {
            let mut file = File::options().write(true).create_new(true).mode(mode).open(&path)?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().map_err(|source| FolderError { path: path.clone(), source })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, FolderError> {
    use io::Read as _;
    let read = || {
        // Asked first: opening a named pipe would wait for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other(format!("larger than {MAX_BYTES} bytes")));
        }
        Ok(bytes)
    };
    read().map_err(|source| FolderError { path: path.into(), source })
}
