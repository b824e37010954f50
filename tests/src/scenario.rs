//! One thing that is done once, and the cases that check what was seen of it.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use libtest_mimic::{Completion, Failed, Trial};

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
        let seen: Arc<OnceLock<Result<T, String>>> = Arc::default();
        for (name, check) in self.cases {
            let (place, seen, run) = (place.clone(), Arc::clone(&seen), self.run);
            let trial = Trial::ignorable_test(format!("{}::{name}", self.name), move || {
                let workshop = match &place {
                    Ok(workshop) => workshop,
                    Err(why) if std::env::var_os("CORTEN_REQUIRE_TOOLS").is_some() => return Err(why.into()),
                    Err(why) => return Ok(Completion::ignored_with(why.clone())),
                };
                let seen = seen.get_or_init(|| run(workshop).map_err(|error| format!("{error:#}")));
                let seen = seen.as_ref().map_err(Failed::from)?;
                match check(workshop, seen) {
                    Ok(()) => Ok(Completion::Completed),
                    Err(error) => Err(format!("{error:#}\n{seen}").into()),
                }
            });
            trials.push(trial.with_ignored_flag(self.when == When::Long));
        }
    }
}
