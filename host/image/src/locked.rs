//! The packages of a lock, fetched and unpacked when something of them is wanted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use corten_archive::lock::Lock;
use corten_archive::unpack::Package;
use corten_archive::{Archive, Events};
use corten_formats::deb::tar;
use corten_formats::tree::{Kind, Meta, Node};

use crate::assembly::normalise;
use crate::error::Error;
use crate::sbom::Component;
use crate::select::{Contents, Packages};

/// Packages by the versions and hashes of a lock.
pub struct LockedPackages<'a> {
    archive: &'a Archive,
    lock: &'a Lock,
    digest: String,
    events: Events<'a>,
    loaded: Mutex<BTreeMap<String, Arc<Contents>>>,
}

impl<'a> LockedPackages<'a> {
    /// The packages of a lock. Nothing is fetched yet.
    pub fn new(archive: &'a Archive, lock: &'a Lock, events: Events<'a>) -> Self {
        let digest = blake3::hash(lock.to_toml().as_bytes()).to_hex().to_string();
        Self { archive, lock, digest, events, loaded: Mutex::default() }
    }

    /// What tells this lock from every other.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Date of the newest index that the lock was made from, seconds since 1970.
    pub fn epoch(&self) -> u64 {
        let newest = self.lock.suites.iter().map(|suite| suite.date.as_second()).max();
        newest.and_then(|second| u64::try_from(second).ok()).unwrap_or_default()
    }

    /// A package that was unpacked before.
    pub fn unpacked(&self, name: &str) -> Option<Arc<Contents>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// What the SBOM says of a package.
    pub fn component(&self, name: &str, licence: Option<String>) -> Result<Component, Error> {
        let package = self.lock.package(name).ok_or_else(|| Error::NotLocked(name.into()))?;
        Ok(Component {
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.architecture.clone(),
            source: package.source.clone(),
            source_version: package.source_version.clone(),
            sha256: package.sha256.to_string(),
            licence,
        })
    }
}

impl Packages for LockedPackages<'_> {
    fn load(&self, names: &[String]) -> Result<Vec<Arc<Contents>>, Error> {
        let missing: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| self.unpacked(name).is_none()).collect();
        if !missing.is_empty() {
            let unpacked = self.archive.unpack(self.lock, &missing, self.events)?;
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            for package in unpacked {
                let contents = contents(package);
                loaded.insert(contents.name.clone(), Arc::new(contents));
            }
        }
        names.iter().map(|name| self.unpacked(name).ok_or_else(|| Error::NotLocked(name.clone()))).collect()
    }

    fn dependencies(&self, name: &str) -> Vec<String> {
        self.lock.package(name).map(|package| package.depends.clone()).unwrap_or_default()
    }
}

/// A package as the builder looks at it. A hard link becomes a file with the content of its target.
fn contents(package: Package) -> Contents {
    let mut entries: BTreeMap<String, Node> = BTreeMap::new();
    // Links come last, since the target of one can stand behind it.
    let (links, others): (Vec<_>, Vec<_>) =
        package.entries.into_iter().partition(|entry| matches!(entry.kind, tar::Kind::HardLink(_)));
    for entry in others.into_iter().chain(links) {
        let path = normalise(&entry.path);
        let kind = match entry.kind {
            tar::Kind::File(content) => Kind::File(content),
            tar::Kind::Directory => Kind::Directory(BTreeMap::new()),
            tar::Kind::Symlink(target) => Kind::Symlink(target.into()),
            tar::Kind::HardLink(target) => match entries.get(&normalise(&target)) {
                Some(node) => node.kind.clone(),
                None => continue,
            },
            tar::Kind::CharDevice(major, minor) => Kind::CharDevice(major, minor),
            tar::Kind::BlockDevice(major, minor) => Kind::BlockDevice(major, minor),
            tar::Kind::Fifo => Kind::Fifo,
        };
        let meta = Meta { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: 0, xattrs: entry.xattrs };
        entries.insert(path, Node { meta, kind });
    }
    Contents { name: package.control.package, entries, scripts: package.scripts }
}
