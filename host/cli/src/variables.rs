//! The firmware variables of a virtual machine, with the keys of a folder.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use corten_image::write_atomically;
use corten_sign::efi::{EfiTime, StoreError, VariableStore};
use corten_sign::{FolderError, KeyFolder};
use jiff::Timestamp;

/// Variables that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum VariablesError {
    /// Their file can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no variables, or has no place for keys.
    #[error("{}: {source}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The keys can't be read.
    #[error(transparent)]
    Keys(#[from] FolderError),
    /// Their file can't be written.
    #[error(transparent)]
    Write(Box<corten_image::Error>),
    /// What a machine with these variables is to boot is signed with another key.
    #[error("{}: its firmware knows other keys or none; choose another folder", .0.display())]
    OtherKeys(PathBuf),
}

/// Variables like those of the template, with the keys of a folder.
pub fn enrolled(folder: &Path, template: &Path) -> Result<Vec<u8>, VariablesError> {
    let lists = KeyFolder::new(folder).lists()?;
    let fault = |source| VariablesError::Store { path: template.into(), source };
    let mut store = read(template)?;
    store.enrol(&lists, EfiTime::new(Timestamp::now())).map_err(fault)?;
    store.to_bytes().map_err(fault)
}

/// Fails unless the firmware whose variables these are knows the keys of a folder and no others.
pub fn check_keys(file: &Path, folder: &Path) -> Result<(), VariablesError> {
    let (store, lists) = (read(file)?, KeyFolder::new(folder).lists()?);
    let same = lists.iter().all(|(variable, list)| store.keys(*variable) == Some(list.as_slice()));
    same.then_some(()).ok_or_else(|| VariablesError::OtherKeys(file.into()))
}

/// Writes variables to a file.
pub fn write(file: &Path, store: &[u8]) -> Result<(), VariablesError> {
    write_atomically(file, |out| out.write_all(store)).map_err(|error| VariablesError::Write(Box::new(error)))
}

fn read(file: &Path) -> Result<VariableStore, VariablesError> {
    let bytes = std::fs::read(file).map_err(|source| VariablesError::Read { path: file.into(), source })?;
    VariableStore::parse(&bytes).map_err(|source| VariablesError::Store { path: file.into(), source })
}
