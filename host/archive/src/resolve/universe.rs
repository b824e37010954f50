//! All packages of all suites, as candidates by name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use corten_formats::deb::packages::{Packages, PackagesError, Record};
use corten_formats::deb::relation::{Alternatives, Relation};
use corten_formats::deb::version::Version;

use crate::mirror::Role;

/// How many similar names are suggested.
const SUGGESTIONS: usize = 3;

/// Similarity from which on a name is worth suggesting.
const SIMILAR: f64 = 0.8;

/// One index of a suite.
pub struct SuiteIndex<'a> {
    /// Name of the suite.
    pub suite: String,
    /// Archive that it lies in.
    pub archive: Role,
    /// Its packages.
    pub packages: &'a Packages,
}

/// A package that could be chosen.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What the index says of it.
    pub record: Rc<Record>,
    /// Archive that it lies in.
    pub archive: Role,
}

/// Everything that can be chosen from.
pub struct Universe<'a> {
    indexes: Vec<SuiteIndex<'a>>,
    architecture: String,
    named: RefCell<HashMap<String, Rc<[Candidate]>>>,
    providers: RefCell<HashMap<String, Rc<[Candidate]>>>,
}

impl<'a> Universe<'a> {
    /// Packages of these indexes that fit the architecture.
    pub fn new(indexes: Vec<SuiteIndex<'a>>, architecture: &str) -> Self {
        Self {
            indexes,
            architecture: architecture.to_owned(),
            named: RefCell::default(),
            providers: RefCell::default(),
        }
    }

    /// Architecture of the packages, next to `all`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Names of the suites, for messages.
    pub fn suites(&self) -> String {
        let mut names: Vec<&str> = self.indexes.iter().map(|index| index.suite.as_str()).collect();
        names.dedup();
        names.join(", ")
    }

    /// Versions of a package, newest first.
    pub fn named(&self, name: &str) -> Result<Rc<[Candidate]>, PackagesError> {
        self.remembered(&self.named, name, Packages::named)
    }

    /// Packages that provide a name: by name, of each the newest version first.
    pub fn providing(&self, name: &str) -> Result<Rc<[Candidate]>, PackagesError> {
        self.remembered(&self.providers, name, Packages::providing)
    }

    fn remembered(
        &self,
        memory: &RefCell<HashMap<String, Rc<[Candidate]>>>,
        name: &str,
        find: fn(&Packages, &str) -> Result<Vec<Record>, PackagesError>,
    ) -> Result<Rc<[Candidate]>, PackagesError> {
        if let Some(known) = memory.borrow().get(name) {
            return Ok(Rc::clone(known));
        }
        let mut found: Vec<Candidate> = Vec::new();
        for index in &self.indexes {
            for record in find(index.packages, name)? {
                let fits =
                    record.control.architecture == self.architecture || record.control.architecture == "all";
                let is_known = |other: &Candidate| {
                    let (a, b) = (&other.record.control, &record.control);
                    a.package == b.package && a.version == b.version
                };
                if fits && !found.iter().any(is_known) {
                    found.push(Candidate { record: Rc::new(record), archive: index.archive });
                }
            }
        }
        found.sort_by(|a, b| {
            let (a, b) = (&a.record.control, &b.record.control);
            a.package.cmp(&b.package).then_with(|| b.version.cmp(&a.version))
        });
        let found: Rc<[Candidate]> = found.into();
        memory.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        Ok(found)
    }

    /// Names that look like this one, best first.
    pub fn nearest(&self, name: &str) -> Vec<String> {
        nearest(name, self.indexes.iter().flat_map(|index| index.packages.names()))
    }
}

/// The names that look most like this one, best first.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let scored = names.map(|other| (strsim::jaro_winkler(name, other), other));
    let mut scored: Vec<(f64, &str)> = scored.filter(|(score, _)| *score >= SIMILAR).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(SUGGESTIONS).map(|(_, name)| name.to_owned()).collect()
}

impl Candidate {
    /// Name of the package.
    pub fn name(&self) -> &str {
        &self.record.control.package
    }

    /// Version of the package.
    pub fn version(&self) -> &Version {
        &self.record.control.version
    }

    /// Everything that the package needs, in its order.
    pub fn needs(&self) -> impl Iterator<Item = &Alternatives> {
        self.record.control.pre_depends.iter().chain(&self.record.control.depends)
    }

    /// Whether the package fulfils a relation, by its name or by what it provides.
    pub fn fulfils(&self, relation: &Relation) -> bool {
        (self.name() == relation.name && relation.allows(self.version())) || self.provides(relation)
    }

    /// Whether the package provides what a relation names. A constraint is only met by a provided version.
    pub fn provides(&self, relation: &Relation) -> bool {
        let entries = self.record.control.provides.iter().flat_map(|group| &group.0);
        let mut entries = entries.filter(|entry| entry.name == relation.name);
        entries.any(|entry| match (&relation.constraint, &entry.constraint) {
            (None, _) => true,
            (Some(wanted), Some(provided)) => wanted.allows(&provided.version),
            (Some(_), None) => false,
        })
    }
}
