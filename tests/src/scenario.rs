//! One thing that is done once, and the cases that check what was seen of it.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};
use libtest_mimic::{Completion, Trial};

use crate::workshop::Workshop;

/// The workshop, or why there is none.
pub type Place = Result<Arc<Workshop>, String>;

/// When a scenario runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// Only among the long tests.
    Long,
}

/// One fact about what was seen.
pub type Case<T> = (&'static str, fn(&Workshop, &T) -> Result<()>);

/// Something that is done once, at a price.
pub struct Scenario<T: 'static> {
    /// Its name; cases are called `scenario::case`.
    pub name: &'static str,
    /// When it runs.
    pub when: When,
    /// Does it.
    pub run: fn(&Workshop) -> Result<T>,
    /// The facts.
    pub cases: &'static [Case<T>],
}

impl<T: Display + Send + Sync + 'static> Scenario<T> {
    /// Adds the cases to the list of all.
    pub fn add(self, place: &Place, trials: &mut Vec<Trial>) {
        Once::new(place, self.run).add(self.name, self.when, self.cases, trials);
    }
}

/// What a scenario did, or will do when the first case asks for it. Clones mean the same, so that a scenario can
/// start from what another one left.
pub struct Once<T> {
    place: Place,
    seen: Arc<OnceLock<Result<T, String>>>,
    run: Arc<Run<T>>,
}

type Run<T> = dyn Fn(&Workshop) -> Result<T> + Send + Sync;

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), seen: Arc::clone(&self.seen), run: Arc::clone(&self.run) }
    }
}

impl<T: Display + Send + Sync + 'static> Once<T> {
    /// Something that is done in this workshop.
    pub fn new(place: &Place, run: impl Fn(&Workshop) -> Result<T> + Send + Sync + 'static) -> Self {
        Self { place: place.clone(), seen: Arc::default(), run: Arc::new(run) }
    }

    /// Does it, if it is not done yet.
    pub fn get(&self, workshop: &Workshop) -> Result<&T> {
        let seen = self.seen.get_or_init(|| (self.run)(workshop).map_err(|error| format!("{error:#}")));
        seen.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Adds cases to the list of all.
    pub fn add(&self, name: &str, when: When, cases: &'static [Case<T>], trials: &mut Vec<Trial>) {
        for (case, check) in cases {
            trials.push(self.trial(&format!("{name}::{case}"), when, check));
        }
    }

    /// One case.
    pub fn trial(
        &self,
        name: &str,
        when: When,
        check: impl Fn(&Workshop, &T) -> Result<()> + Send + 'static,
    ) -> Trial {
        let once = self.clone();
        let trial = Trial::ignorable_test(name, move || {
            let workshop = match &once.place {
                Ok(workshop) => workshop,
                Err(why) if std::env::var_os("CORTEN_REQUIRE_TOOLS").is_some() => return Err(why.into()),
                Err(why) => return Ok(Completion::ignored_with(why.clone())),
            };
            let seen = once.get(workshop).map_err(|error| error.to_string())?;
            match check(workshop, seen) {
                Ok(()) => Ok(Completion::Completed),
                Err(error) => Err(format!("{error:#}\n{seen}").into()),
            }
        });
        trial.with_ignored_flag(when == When::Long)
    }
}
