//! Programs that the builder runs on the host, QEMU for example, taken from the archive like the packages of an
//! image: resolved, locked, verified, and laid out in a folder of the store.
//!
//! They run on a host with other libraries, without root rights and without a namespace: each program is started
//! by the dynamic loader of its own folder, which is told where its own libraries are.

mod interpreter;
mod layout;
mod merge;
mod qemu;
mod root;
pub mod sets;
mod wrapper;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use self::root::ToolRoot;
use self::sets::Set;
use crate::archive::{Archive, LockPolicy, Settings};
use crate::error::Error;
use crate::event::Events;
use crate::fetch::FetchError;
use crate::hash::ContentHash;
use crate::lock::Lock;
use crate::store::place::{Environment, default_data, default_store};

/// Changes whenever packages are laid out in another way, so that older folders are not used any more.
const LAYOUT: &str = "3";

/// Kind of the folders in the store.
const KIND: &str = "tools";

/// Why tools can't be laid out or run.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// A file can't be written or read.
    #[error("tools: {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The packages do not hold a program.
    #[error("the tools in {root} have no program {program:?}")]
    NoProgram {
        /// Folder of the tools.
        root: PathBuf,
        /// Path that was asked for.
        program: String,
    },
    /// A program that can't be started.
    #[error("the program {program:?} can't be started: {why}")]
    Start {
        /// Path of the program.
        program: String,
        /// Why not.
        why: String,
    },
    /// A link that would lead out of the folder.
    #[error("the link {path:?} to {target:?} leads out of the folder")]
    Link {
        /// Path of the link.
        path: String,
        /// Where it leads.
        target: String,
    },
}

impl ToolsError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The tools of a user.
pub struct Tools<'a> {
    archive: &'a Archive,
    locks: PathBuf,
}

impl<'a> Tools<'a> {
    /// Tools from an archive, with their locks in this folder, which should be one that is kept.
    pub fn new(archive: &'a Archive, locks: &Path) -> Self {
        Self { archive, locks: locks.to_owned() }
    }

    /// Lays out packages with all that they need, unless that was done before. `name` is that of the lock.
    ///
    /// Tools are not part of what is built, so when the archive has dropped a locked version, the present ones
    /// are taken instead.
    pub fn ensure(&self, name: &str, packages: &[&str], events: Events<'_>) -> Result<ToolRoot, Error> {
        let requests: Vec<String> = packages.iter().map(ToString::to_string).collect();
        let path = self.locks.join(format!("{name}.lock"));
        let existing = Lock::read(&path)?;
        let lock = self.archive.lock_for(&requests, existing.as_ref(), &LockPolicy::Use, events)?;
        let (lock, root) = match self.lay_out(&lock, events) {
            Err(Error::Fetch(FetchError::Gone { .. })) => {
                let lock = self.archive.lock_for(&requests, Some(&lock), &LockPolicy::UpdateAll, events)?;
                let root = self.lay_out(&lock, events)?;
                (lock, root)
            }
            other => (lock, other?),
        };
        if existing.as_ref() != Some(&lock) {
            lock.write(&path)?;
        }
        Ok(root)
    }

    fn lay_out(&self, lock: &Lock, events: Events<'_>) -> Result<ToolRoot, Error> {
        let store = self.archive.store();
        let key = key(lock);
        if let Some(path) = store.tree(KIND, &key)? {
            return Ok(ToolRoot::open(path)?);
        }
        let names: Vec<&str> = lock.packages.iter().map(|package| package.name.as_str()).collect();
        let packages = self.archive.unpack(lock, &names, events)?;
        let files = merge::merge(packages)?;
        let path = store
            .make_tree(KIND, &key, |folder| -> Result<(), Error> { Ok(layout::write(folder, &files)?) })?;
        Ok(ToolRoot::open(path)?)
    }
}

/// The tools of a set as they are for the user whose environment this is: in the store, fetched if they are not there.
pub fn of_user(set: &Set, environment: Environment<'_>, now: Timestamp) -> Result<ToolRoot, Error> {
    let settings = Settings::new(default_store(environment)?, now, sets::SUITE, "amd64");
    let archive = Archive::open(settings)?;
    let locks = default_data(environment)?.join("tools");
    Tools::new(&archive, &locks).ensure(set.name, set.packages, &|_| {})
}

/// The same packages give the same folder, whatever else a lock says.
fn key(lock: &Lock) -> String {
    let mut hasher = Sha256::new();
    hasher.update(LAYOUT);
    for package in &lock.packages {
        hasher.update(package.sha256.0);
    }
    ContentHash(hasher.finalize().into()).to_string()
}
