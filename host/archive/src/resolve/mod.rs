//! From the packages that a recipe names to all that they need: `Pre-Depends` and `Depends`, never `Recommends`.
//!
//! A pure function of indexes and wishes. The newest version over all suites wins unless a constraint or an older
//! lock says otherwise; of alternatives, the first that can be fulfilled. What comes out holds the graph, in the
//! order in which packages name what they need, since shared libraries are later looked for along it.

mod error;
mod search;
mod universe;

use std::collections::BTreeMap;

use corten_formats::deb::packages::Record;
use corten_formats::deb::relation::Relation;
use corten_formats::deb::version::Version;

pub use self::error::{ResolveError, suggestion};
pub use self::universe::{SuiteIndex, Universe, nearest};
use crate::mirror::Role;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Packages, perhaps with a constraint.
    pub requested: Vec<Relation>,
    /// Versions that are kept where nothing forbids it: those of an older lock.
    pub preferred: BTreeMap<String, Version>,
}

/// A package that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// What the index says of it.
    pub record: Record,
    /// Archive that it lies in.
    pub archive: Role,
    /// Names of chosen packages that it needs, in its own order.
    pub depends: Vec<String>,
}

/// Chosen packages by name.
pub type Resolution = BTreeMap<String, Chosen>;

/// Chooses packages.
pub fn resolve(universe: &Universe<'_>, wishes: &Wishes) -> Result<Resolution, ResolveError> {
    search::search(universe, wishes)
}
