//! The search itself: breadth first from the requests, one choice for each group of alternatives.
//!
//! A choice is final within one pass. Where a later dependency wants another version of a package that is chosen
//! already, that constraint is learned and the pass starts again with it, so each pass knows more than the last.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use corten_formats::deb::relation::{Alternatives, Constraint, Relation};

use super::universe::{Candidate, Universe};
use super::{Chosen, Resolution, ResolveError, Wishes};

/// Most passes. Each learns one constraint; real sets of packages need one to three.
const MAX_PASSES: usize = 200;

/// How deep a choice among several alternatives looks for needs that nothing fulfils.
const MAX_DEPTH: usize = 12;

/// Name of the requests in a chain.
const REQUEST: &str = "the request";

/// Runs passes until one holds.
pub fn search(universe: &Universe<'_>, wishes: &Wishes) -> Result<Resolution, ResolveError> {
    let mut learned: BTreeMap<String, Vec<Constraint>> = BTreeMap::new();
    for _ in 0..MAX_PASSES {
        let mut pass = Pass::new(universe, wishes, &learned);
        match pass.run() {
            Ok(()) => return Ok(pass.finish()),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Learn(name, constraint)) => learned.entry(name).or_default().push(constraint),
        }
    }
    Err(ResolveError::Exhausted(MAX_PASSES))
}

enum Stop {
    Failed(ResolveError),
    Learn(String, Constraint),
}

impl<E: Into<ResolveError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

struct Pass<'p, 'a> {
    universe: &'p Universe<'a>,
    wishes: &'p Wishes,
    learned: &'p BTreeMap<String, Vec<Constraint>>,
    requested: BTreeSet<&'p str>,
    chosen: BTreeMap<String, Candidate>,
    /// Who wanted a package first.
    wanted_by: BTreeMap<String, String>,
    depends: BTreeMap<String, Vec<String>>,
}

impl<'p, 'a> Pass<'p, 'a> {
    fn new(
        universe: &'p Universe<'a>,
        wishes: &'p Wishes,
        learned: &'p BTreeMap<String, Vec<Constraint>>,
    ) -> Self {
        let requested = wishes.requested.iter().map(|relation| relation.name.as_str()).collect();
        let (chosen, wanted_by, depends) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { universe, wishes, learned, requested, chosen, wanted_by, depends }
    }

    fn run(&mut self) -> Result<(), Stop> {
        let mut queue: VecDeque<(String, Alternatives)> = VecDeque::new();
        for relation in &self.wishes.requested {
            self.check_known(relation)?;
            queue.push_back((REQUEST.to_owned(), Alternatives(vec![relation.clone()])));
        }
        while let Some((dependant, group)) = queue.pop_front() {
            let relations: Vec<&Relation> =
                group.0.iter().filter(|relation| relation.counts_on(self.universe.architecture())).collect();
            if relations.is_empty() {
                continue;
            }
            let name = if let Some(name) = self.already(&relations) {
                name
            } else {
                let candidate = self.choose(&dependant, &group, &relations)?;
                let name = candidate.name().to_owned();
                queue.extend(candidate.needs().map(|group| (name.clone(), group.clone())));
                self.wanted_by.insert(name.clone(), dependant.clone());
                self.chosen.insert(name.clone(), candidate);
                name
            };
            let needs = self.depends.entry(dependant.clone()).or_default();
            if name != dependant && !needs.contains(&name) {
                needs.push(name);
            }
        }
        self.check_conflicts()
    }

    fn finish(mut self) -> Resolution {
        let chosen = std::mem::take(&mut self.chosen);
        let finished = chosen.into_iter().map(|(name, candidate)| {
            let depends = self.depends.remove(&name).unwrap_or_default();
            let record = candidate.record.as_ref().clone();
            (name, Chosen { record, archive: candidate.archive, depends })
        });
        finished.collect()
    }

    fn check_known(&self, relation: &Relation) -> Result<(), Stop> {
        let name = &relation.name;
        if self.universe.named(name)?.is_empty() && self.universe.providing(name)?.is_empty() {
            let (suites, nearest) = (self.universe.suites(), self.universe.nearest(name));
            return Err(ResolveError::Unknown { name: name.clone(), suites, nearest }.into());
        }
        Ok(())
    }

    /// A chosen package that fulfils one of the alternatives, the first of them preferred.
    fn already(&self, relations: &[&Relation]) -> Option<String> {
        relations.iter().find_map(|relation| {
            let direct = self.chosen.get(&relation.name).filter(|candidate| candidate.fulfils(relation));
            let found =
                direct.or_else(|| self.chosen.values().find(|candidate| candidate.provides(relation)));
            found.map(|candidate| candidate.name().to_owned())
        })
    }

    fn choose(
        &self,
        dependant: &str,
        group: &Alternatives,
        relations: &[&Relation],
    ) -> Result<Candidate, Stop> {
        let mut options = Vec::new();
        for relation in relations {
            options.extend(self.options(relation)?);
        }
        // What the recipe asks for by name comes before what only a dependency names.
        let (asked, other): (Vec<_>, Vec<_>) =
            options.into_iter().partition(|candidate| self.requested.contains(candidate.name()));
        let options: Vec<Candidate> = asked.into_iter().chain(other).collect();
        let free: Vec<&Candidate> =
            options.iter().filter(|candidate| self.conflict_of(candidate).is_none()).collect();
        if let [only] = free[..] {
            return Ok(only.clone());
        }
        for candidate in &free {
            if self.is_viable(candidate, &mut BTreeSet::new(), 0)? {
                return Ok((*candidate).clone());
            }
        }
        match (free.first(), options.first()) {
            // None can be fulfilled: go on with the first, whose own failure tells more.
            (Some(first), _) => Ok((*first).clone()),
            (None, Some(blocked)) => Err(self.conflict_of(blocked).map_or_else(
                || Stop::Failed(ResolveError::Exhausted(0)),
                |conflict| Stop::Failed(self.conflict_error(conflict, blocked, dependant)),
            )),
            (None, None) => self.nothing_fulfils(dependant, group, relations),
        }
    }

    /// Candidates that fulfil a relation, in the order in which they are tried.
    fn options(&self, relation: &Relation) -> Result<Vec<Candidate>, Stop> {
        let mut options = Vec::new();
        if !self.chosen.contains_key(&relation.name) {
            let named = self.universe.named(&relation.name)?;
            let fitting = named.iter().filter(|one| relation.allows(one.version()) && self.is_allowed(one));
            options.extend(fitting.cloned());
            self.prefer(&mut options);
        }
        let mut providers: Vec<Candidate> = Vec::new();
        for candidate in self.universe.providing(&relation.name)?.iter() {
            let is_new = !self.chosen.contains_key(candidate.name()) && candidate.name() != relation.name;
            if is_new && candidate.provides(relation) && self.is_allowed(candidate) {
                providers.push(candidate.clone());
            }
        }
        self.prefer(&mut providers);
        options.extend(providers);
        Ok(options)
    }

    /// Moves the versions of an older lock to the front.
    fn prefer(&self, options: &mut [Candidate]) {
        let is_preferred = |one: &Candidate| self.wishes.preferred.get(one.name()) == Some(one.version());
        options.sort_by_key(|candidate| !is_preferred(candidate));
    }

    fn is_allowed(&self, candidate: &Candidate) -> bool {
        let learned = self.learned.get(candidate.name());
        learned.is_none_or(|all| all.iter().all(|constraint| constraint.allows(candidate.version())))
    }

    /// Whether everything that a candidate needs could be fulfilled by something. Conflicts are not looked at.
    fn is_viable(
        &self,
        candidate: &Candidate,
        seen: &mut BTreeSet<String>,
        depth: usize,
    ) -> Result<bool, Stop> {
        if depth == MAX_DEPTH || !seen.insert(candidate.name().to_owned()) {
            return Ok(true);
        }
        for group in candidate.needs() {
            let relations: Vec<&Relation> =
                group.0.iter().filter(|relation| relation.counts_on(self.universe.architecture())).collect();
            if relations.is_empty() || self.already(&relations).is_some() {
                continue;
            }
            let mut fulfilled = false;
            for relation in relations {
                for option in self.options(relation)? {
                    if self.is_viable(&option, seen, depth + 1)? {
                        fulfilled = true;
                        break;
                    }
                }
                if fulfilled {
                    break;
                }
            }
            if !fulfilled {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Nothing fulfils the group: learn from a clash of versions, or say what there is.
    fn nothing_fulfils<T>(
        &self,
        dependant: &str,
        group: &Alternatives,
        relations: &[&Relation],
    ) -> Result<T, Stop> {
        let mut found = Vec::new();
        for relation in relations {
            let name = &relation.name;
            let named = self.universe.named(name)?;
            let fits =
                |candidate: &&Candidate| relation.allows(candidate.version()) && self.is_allowed(candidate);
            if let (Some(clash), Some(constraint)) = (self.chosen.get(name), &relation.constraint) {
                if named.iter().any(|candidate| fits(&candidate)) {
                    return Err(Stop::Learn(name.clone(), constraint.clone()));
                }
                found.push(format!("{} wants {} {}", self.wanter(name), name, clash.version()));
            } else if named.is_empty() {
                found.push(format!("there is no package {name}"));
            } else if let Some(learned) =
                self.learned.get(name).filter(|_| named.iter().any(|c| relation.allows(c.version())))
            {
                let wanted: Vec<String> =
                    learned.iter().map(|c| format!("{} {}", c.comparison, c.version)).collect();
                found.push(format!("other packages need {name} {}", wanted.join(", ")));
            } else {
                let versions: Vec<String> = named.iter().map(|one| one.version().to_string()).collect();
                found.push(format!("{} has {name} {}", self.universe.suites(), versions.join(", ")));
            }
        }
        let why = found.join(" and ");
        Err(ResolveError::Unsatisfiable { chain: self.chain(dependant), relation: group.to_string(), why }
            .into())
    }

    fn check_conflicts(&self) -> Result<(), Stop> {
        for candidate in self.chosen.values() {
            if let Some(conflict) = self.conflict_of(candidate) {
                let dependant = self.wanter(candidate.name());
                return Err(Stop::Failed(self.conflict_error(conflict, candidate, &dependant)));
            }
        }
        Ok(())
    }

    /// A chosen package that excludes the candidate or is excluded by it.
    fn conflict_of(&self, candidate: &Candidate) -> Option<Exclusion> {
        self.chosen.values().filter(|other| other.name() != candidate.name()).find_map(|other| {
            let by_candidate = exclusion(candidate, other).map(|relation| (Direction::Candidate, relation));
            let found =
                by_candidate.or_else(|| exclusion(other, candidate).map(|one| (Direction::Other, one)));
            found.map(|(direction, relation)| Exclusion {
                other: other.name().to_owned(),
                direction,
                relation,
            })
        })
    }

    fn conflict_error(&self, conflict: Exclusion, candidate: &Candidate, dependant: &str) -> ResolveError {
        let own = self.described(candidate, dependant);
        let other = self.chain(&conflict.other);
        let (first, second) = match conflict.direction {
            Direction::Candidate => (own, other),
            Direction::Other => (other, own),
        };
        ResolveError::Conflict { first, second, relation: conflict.relation }
    }

    fn wanter(&self, name: &str) -> String {
        self.wanted_by.get(name).cloned().unwrap_or_else(|| REQUEST.to_owned())
    }

    /// `crun 1.21-1 (wanted by containerd 1.7.24, wanted by the request)`
    fn chain(&self, name: &str) -> String {
        match self.chosen.get(name) {
            Some(candidate) => self.described(candidate, &self.wanter(name)),
            None => REQUEST.to_owned(),
        }
    }

    /// A candidate with all who led to it.
    fn described(&self, candidate: &Candidate, dependant: &str) -> String {
        let mut chain = Vec::new();
        let mut at = dependant.to_owned();
        while let Some(wanter) = self.chosen.get(&at) {
            chain.push(format!("wanted by {at} {}", wanter.version()));
            at = self.wanter(&at);
        }
        chain.push(format!("wanted by {REQUEST}"));
        format!("{} {} ({})", candidate.name(), candidate.version(), chain.join(", "))
    }
}

/// Who excludes whom.
enum Direction {
    Candidate,
    Other,
}

struct Exclusion {
    other: String,
    direction: Direction,
    relation: String,
}

/// The entry of `Conflicts` or `Breaks` by which one package excludes another.
fn exclusion(one: &Candidate, other: &Candidate) -> Option<String> {
    let control = &one.record.control;
    [("Conflicts", &control.conflicts), ("Breaks", &control.breaks)].into_iter().find_map(
        |(field, groups)| {
            let mut relations = groups.iter().flat_map(|group| &group.0);
            let found = relations.find(|relation| other.fulfils(relation));
            found.map(|relation| format!("{field}: {relation}"))
        },
    )
}
