//! `corten.lock`: the exact packages of a build, with their hashes, so that the next build takes the same ones.
//!
//! It names no host: a package is found by its path in the archive, on whatever mirror a machine uses.

pub mod answer;
mod check;
pub mod read;
pub mod write;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;

use crate::hash::ContentHash;
use crate::index::Extra;
use crate::mirror::Role;

/// Version of the format. It changes with anything that older readers would misunderstand.
pub const FORMAT: u32 = 1;

/// Everything that a lock says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lock {
    /// [`FORMAT`].
    pub format: u32,
    /// Suite that was asked for.
    pub suite: String,
    /// Architecture of the packages, next to `all`.
    pub architecture: String,
    /// Components, sorted.
    pub components: Vec<String>,
    /// Suites that accompany the suite, sorted.
    pub extra: Vec<Extra>,
    /// Packages that were asked for, with version constraints, sorted.
    pub requested: Vec<String>,
    /// Suites that packages were chosen from.
    #[serde(rename = "suites")]
    pub suites: Vec<LockedSuite>,
    /// All packages, sorted by name.
    #[serde(rename = "packages", default)]
    pub packages: Vec<LockedPackage>,
}

/// The state of a suite that a lock was made from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedSuite {
    /// Name that it was asked for by.
    pub name: String,
    /// Archive that it lies in.
    pub archive: Role,
    /// When it was published. Nothing older is accepted later.
    pub date: Timestamp,
    /// SHA-256 of its `InRelease` file.
    pub sha256: ContentHash,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedPackage {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Architecture, or `all`.
    pub architecture: String,
    /// Archive that it lies in.
    pub archive: Role,
    /// Path of the file from the root of the archive.
    pub path: String,
    /// Size of the file, bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: ContentHash,
    /// Source package that it was built from.
    pub source: String,
    /// Version of the source package.
    pub source_version: String,
    /// Packages of this lock that it needs, in the order of its `Pre-Depends` and `Depends`.
    pub depends: Vec<String>,
}

/// What is wrong with a lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file can't be read or written.
    #[error("the lock {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is larger than any real lock.
    #[error("the lock {path} has {size} bytes, more than the {} that are read", read::MAX_SIZE)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// The file does not follow the format.
    #[error("{path}:{line}: {}{why}", key.as_ref().map_or(String::new(), |key| format!("{key}: ")))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// Key in that line, where there is one.
        key: Option<String>,
        /// What is wrong and what was expected.
        why: String,
    },
    /// The lock was made for another request.
    #[error("the lock does not fit what is asked for: {}; run `corten lock` to make it anew", differences.join("; "))]
    Stale {
        /// What differs.
        differences: Vec<String>,
    },
    /// A package is asked for that the lock does not hold.
    #[error("the lock holds no package {0:?}")]
    NotLocked(String),
    /// A package is to be updated that the lock does not hold.
    #[error(
        "the lock holds no package {name:?}, so it can't be updated{}",
        crate::resolve::suggestion(nearest)
    )]
    UpdateUnknown {
        /// Name that was given.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// There is none, and it was to be used.
    #[error("there is no lock; run `corten lock` to make one")]
    Missing,
    /// Without a lock, packages have to be chosen, which needs the archive.
    #[error("--offline forbids to ask the archive, but {0}")]
    Offline(String),
    /// A suite that the lock was made from is gone.
    #[error(
        "the lock was made from the suite {suite}, which the mirror does not have any more ({url}); remove the lock to \
         go on without it"
    )]
    SuiteGone {
        /// The suite.
        suite: String,
        /// Where it was looked for.
        url: String,
    },
}

impl Lock {
    /// The package of this name.
    pub fn package(&self, name: &str) -> Option<&LockedPackage> {
        let found = self.packages.binary_search_by(|package| package.name.as_str().cmp(name));
        found.ok().map(|at| &self.packages[at])
    }

    /// Date of a suite, if the lock was made from it.
    pub fn suite_date(&self, suite: &str) -> Option<Timestamp> {
        self.suites.iter().find(|locked| locked.name == suite).map(|locked| locked.date)
    }
}
