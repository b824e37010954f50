//! Files with keys: read within limits, made for their owner alone, on the disk before anybody relies on them.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use corten_api::identity::{Certificate, certificates};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::error::KeysError;

/// Larger than any file with keys or certificates.
const MAX_BYTES: u64 = 256 << 10;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner: it holds a key.
    Owner,
    /// Everybody.
    All,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::All => 0o644,
        }
    }
}

/// What is done where a file is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Stays,
    /// It is replaced as a whole.
    Replaced,
}

/// Writes a file as a whole or not at all. Its folder has to be synced for it to last.
pub fn write(path: &Path, content: &[u8], access: Access, existing: Existing) -> Result<(), KeysError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let make = || {
        // For its owner alone from the first moment.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().set_permissions(Permissions::from_mode(access.mode()))?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    let file = make().map_err(KeysError::file(path))?;
    let kept = match existing {
        Existing::Stays => file.persist_noclobber(path),
        Existing::Replaced => file.persist(path),
    };
    match kept {
        Ok(_) => Ok(()),
        Err(why) if why.error.kind() == io::ErrorKind::AlreadyExists => Err(KeysError::Exists(path.into())),
        Err(why) => Err(KeysError::file(path)(why.error)),
    }
}

/// Reads a file of text. What it held is wiped from memory when it is dropped.
pub fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let read = || {
        // Asked first: opening a named pipe would wait for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut text = Zeroizing::new(String::new());
        File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(io::Error::other(format!("larger than {MAX_BYTES} bytes")));
        }
        Ok(text)
    };
    read().map_err(KeysError::file(path))
}

/// Reads a key, which only its owner, or a group of the owner's choice, may read.
pub fn read_key(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let mode = std::fs::metadata(path).map_err(KeysError::file(path))?.permissions().mode() & 0o7777;
    if mode & 0o027 != 0 {
        return Err(KeysError::Exposed { path: path.into(), mode });
    }
    read(path)
}

/// Reads the certificates in a file, PEM, in their order; at least one.
pub fn read_certificates(path: &Path) -> Result<Vec<Certificate>, KeysError> {
    let all = certificates(&read(path)?).map_err(|source| KeysError::Pem { path: path.into(), source })?;
    let read = |der: &_| {
        Certificate::read(der).map_err(|source| KeysError::Certificate { path: path.into(), source })
    };
    all.iter().map(|der| read(der.as_ref())).collect()
}

/// Makes a folder for its owner alone, with those above it. One that is there stays as it is.
pub fn make_folder(path: &Path) -> Result<(), KeysError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(KeysError::file(path))
}

/// Waits until the names in a folder are on the disk.
pub fn sync_folder(path: &Path) -> Result<(), KeysError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|folder| folder.sync_all()).map_err(KeysError::file(path))
}
