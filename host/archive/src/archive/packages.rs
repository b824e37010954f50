//! From a lock to the files of its packages.

use bytes::Bytes;
use rayon::prelude::*;

use super::Archive;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::fetch::{FetchError, Wanted, check_network, fetch_all};
use crate::lock::{Lock, LockError, LockedPackage};
use crate::store::StoreError;
use crate::unpack::{Package, Reason, UnpackError, unpack};

impl Archive {
    /// Brings packages into the store, unless they are there already. Nothing but these is fetched.
    pub fn fetch(&self, lock: &Lock, names: &[&str], events: Events<'_>) -> Result<(), Error> {
        let packages = locked(lock, names)?;
        self.fetch_packages(&packages, events)
    }

    /// The verified files of packages, in the order of the names. What is missing is fetched.
    pub fn files(&self, lock: &Lock, names: &[&str], events: Events<'_>) -> Result<Vec<Bytes>, Error> {
        let packages = locked(lock, names)?;
        self.fetch_packages(&packages, events)?;
        packages.par_iter().map(|package| self.file(package, events)).collect()
    }

    /// Unpacks packages in memory, in the order of the names. What is missing is fetched.
    pub fn unpack(&self, lock: &Lock, names: &[&str], events: Events<'_>) -> Result<Vec<Package>, Error> {
        let packages = locked(lock, names)?;
        self.fetch_packages(&packages, events)?;
        // The largest takes longest, and none but it should be left at the end.
        let mut order: Vec<usize> = (0..packages.len()).collect();
        order.sort_by_key(|at| (std::cmp::Reverse(packages[*at].size), *at));
        let unpacked: Vec<(usize, Package)> = order
            .into_par_iter()
            .with_max_len(1)
            .map(|at| Ok((at, self.unpack_one(packages[at], events)?)))
            .collect::<Result<_, Error>>()?;
        let mut unpacked: Vec<(usize, Package)> = unpacked;
        unpacked.sort_by_key(|(at, _)| *at);
        Ok(unpacked.into_iter().map(|(_, package)| package).collect())
    }

    fn unpack_one(&self, package: &LockedPackage, events: Events<'_>) -> Result<Package, Error> {
        let file = self.file(package, events)?;
        let refused = |source| UnpackError { package: package.name.clone(), source };
        let unpacked = unpack(&file, self.settings.limits).map_err(refused)?;
        let name = |name: &str, version: &str, architecture: &str| format!("{name} {version} {architecture}");
        let control = &unpacked.control;
        let found = name(&control.package, control.version.as_str(), &control.architecture);
        let expected = name(&package.name, &package.version, &package.architecture);
        if found != expected {
            return Err(refused(Reason::Other { found, expected }).into());
        }
        events(Event::Unpacked { name: package.name.clone() });
        Ok(unpacked)
    }

    /// Reads a package from the store. A damaged one is fetched again.
    fn file(&self, package: &LockedPackage, events: Events<'_>) -> Result<Bytes, Error> {
        match self.store.read(package.sha256) {
            Ok(Some(file)) => return Ok(file),
            Ok(None) => {}
            Err(StoreError::Damaged { .. }) => events(Event::BlobDiscarded { name: package.name.clone() }),
            Err(error) => return Err(error.into()),
        }
        self.fetch_packages(&[package], events)?;
        let gone = || FetchError::Offline(vec![format!("{} {}", package.name, package.version)]);
        Ok(self.store.read(package.sha256)?.ok_or_else(gone)?)
    }

    fn fetch_packages(&self, packages: &[&LockedPackage], events: Events<'_>) -> Result<(), Error> {
        let missing: Vec<&&LockedPackage> =
            packages.iter().filter(|package| !self.store.contains(package.sha256)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let wanted = |package: &LockedPackage, urls| Wanted {
            name: package.name.clone(),
            version: Some(package.version.clone()),
            urls,
            size: package.size,
            sha256: package.sha256,
        };
        let nowhere: Vec<Wanted> = missing.iter().map(|package| wanted(package, Vec::new())).collect();
        check_network(&self.store, &nowhere, self.settings.network)?;
        let mirror = self.mirror(events)?;
        let mut all = Vec::new();
        for package in missing {
            let base = mirror.base(package.archive);
            let base = base.ok_or_else(|| FetchError::NoSecurityMirror(package.name.clone()))?;
            all.push(wanted(package, vec![format!("{base}/{}", package.path)]));
        }
        fetch_all(&self.store, &self.transport, &all, self.settings.effort, events)
    }
}

fn locked<'l>(lock: &'l Lock, names: &[&str]) -> Result<Vec<&'l LockedPackage>, LockError> {
    let find = |name: &&str| lock.package(name).ok_or_else(|| LockError::NotLocked((*name).to_owned()));
    names.iter().map(find).collect()
}
