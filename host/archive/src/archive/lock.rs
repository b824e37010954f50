//! From requests to a lock.

use std::collections::{BTreeMap, BTreeSet};

use corten_formats::deb::relation::Relation;
use corten_formats::deb::version::Version;
use rayon::prelude::*;

use super::Archive;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::fetch::Network;
use crate::hash::ContentHash;
use crate::index::{Loaded, Loader, suites_of};
use crate::lock::answer::Question;
use crate::lock::{FORMAT, Lock, LockError, LockedPackage, LockedSuite};
use crate::resolve::{Chosen, Resolution, ResolveError, SuiteIndex, Universe, Wishes, nearest, resolve};

/// What becomes of a lock that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockPolicy {
    /// It is used as it is, and refused when it does not fit the requests.
    Locked,
    /// It is used when it fits. When it does not, packages are chosen anew, and those of the lock stay as they are
    /// where that is possible.
    Use,
    /// All packages move to the newest versions.
    UpdateAll,
    /// These packages move to their newest versions, and others only where these need it.
    Update(Vec<String>),
}

impl Archive {
    /// Makes a lock for packages, which are named like `crun` or `libc6 (>= 2.41)`. Where an existing lock can be
    /// used as it is, nothing is read from the archive.
    pub fn lock_for(
        &self,
        requests: &[String],
        existing: Option<&Lock>,
        policy: &LockPolicy,
        events: Events<'_>,
    ) -> Result<Lock, Error> {
        let mut requested: Vec<Relation> = Vec::new();
        for text in requests {
            requested.push(Relation::parse(text).map_err(|error| ResolveError::Request(error.to_string()))?);
        }
        let question = self.question(&requested);
        let unfit = match existing {
            Some(lock) => lock.answers(&question).err(),
            None => Some(LockError::Missing),
        };
        match (policy, existing, unfit) {
            (LockPolicy::Locked | LockPolicy::Use, Some(lock), None) => return Ok(lock.clone()),
            (LockPolicy::Locked, _, Some(unfit)) => return Err(unfit.into()),
            (_, _, unfit) if self.settings.network == Network::Offline => {
                let why =
                    unfit.map_or_else(|| "an update was asked for".to_owned(), |unfit| unfit.to_string());
                return Err(LockError::Offline(why).into());
            }
            _ => {}
        }
        let preferred = preferred(existing, policy)?;
        let loaded = self.load(existing, events)?;
        let indexes = loaded.iter().flat_map(|suite| {
            suite.packages.iter().map(|packages| SuiteIndex {
                suite: suite.name.clone(),
                archive: suite.archive,
                packages,
            })
        });
        let universe = Universe::new(indexes.collect(), &self.settings.architecture);
        let resolution = resolve(&universe, &Wishes { requested, preferred })?;
        events(Event::Resolved { packages: resolution.len() });
        Ok(lock(question, &loaded, resolution))
    }

    fn question(&self, requested: &[Relation]) -> Question {
        let requested: BTreeSet<String> = requested.iter().map(ToString::to_string).collect();
        Question {
            suite: self.settings.suite.clone(),
            architecture: self.settings.architecture.clone(),
            components: self.settings.components.clone(),
            extra: self.settings.extra.clone(),
            requested: requested.into_iter().collect(),
        }
    }

    /// Loads the suites at the same time: the time goes into the network and into decompressing.
    fn load(&self, existing: Option<&Lock>, events: Events<'_>) -> Result<Vec<Loaded>, Error> {
        let loader = Loader {
            store: &self.store,
            transport: &self.transport,
            keyring: self.keyring()?,
            mirror: self.mirror(events)?,
            now: self.settings.now,
            effort: self.settings.effort,
            events,
        };
        let settings = &self.settings;
        // A lock of another suite says nothing about the dates of this one.
        let existing = existing.filter(|lock| lock.suite == settings.suite);
        let suites = suites_of(&settings.suite, &settings.extra);
        let results: Result<Vec<Option<Loaded>>, Error> = suites
            .par_iter()
            .map(|suite| loader.load(suite, &settings.components, &settings.architecture, existing))
            .collect();
        Ok(results?.into_iter().flatten().collect())
    }
}

/// The versions that stay: those of the old lock, without what is to be updated.
fn preferred(existing: Option<&Lock>, policy: &LockPolicy) -> Result<BTreeMap<String, Version>, LockError> {
    let Some(lock) = existing else { return Ok(BTreeMap::new()) };
    let moved: BTreeSet<&str> = match policy {
        LockPolicy::UpdateAll => return Ok(BTreeMap::new()),
        LockPolicy::Update(names) => names.iter().map(String::as_str).collect(),
        LockPolicy::Use | LockPolicy::Locked => BTreeSet::new(),
    };
    if let Some(unknown) = moved.iter().find(|name| lock.package(name).is_none()) {
        let nearest = nearest(unknown, lock.packages.iter().map(|package| package.name.as_str()));
        return Err(LockError::UpdateUnknown { name: (*unknown).to_owned(), nearest });
    }
    let kept = lock.packages.iter().filter(|package| !moved.contains(package.name.as_str()));
    let versions =
        kept.filter_map(|package| Some((package.name.clone(), Version::parse(&package.version).ok()?)));
    Ok(versions.collect())
}

fn lock(question: Question, loaded: &[Loaded], resolution: Resolution) -> Lock {
    let suites = loaded.iter().map(|suite| LockedSuite {
        name: suite.name.clone(),
        archive: suite.archive,
        date: suite.date,
        sha256: suite.sha256,
    });
    Lock {
        format: FORMAT,
        suite: question.suite,
        architecture: question.architecture,
        components: question.components,
        extra: question.extra,
        requested: question.requested,
        suites: suites.collect(),
        packages: resolution.into_values().map(locked).collect(),
    }
}

fn locked(chosen: Chosen) -> LockedPackage {
    let control = chosen.record.control;
    LockedPackage {
        name: control.package,
        version: control.version.to_string(),
        architecture: control.architecture,
        archive: chosen.archive,
        path: chosen.record.filename,
        size: chosen.record.size,
        sha256: ContentHash(chosen.record.sha256),
        source: control.source.name,
        source_version: control.source.version,
        depends: chosen.depends,
    }
}
