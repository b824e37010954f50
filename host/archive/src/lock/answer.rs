//! Whether a lock still answers what is asked for.

use std::collections::BTreeSet;

use super::{Lock, LockError};
use crate::index::Extra;

/// What a build asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Suite.
    pub suite: String,
    /// Architecture.
    pub architecture: String,
    /// Components, sorted.
    pub components: Vec<String>,
    /// Suites that accompany the suite, sorted.
    pub extra: Vec<Extra>,
    /// Packages with version constraints in their normal form, sorted.
    pub requested: Vec<String>,
}

impl Lock {
    /// Passes when the lock was made for this question; else says what differs.
    pub fn answers(&self, question: &Question) -> Result<(), LockError> {
        let mut differences = Vec::new();
        let pairs = [
            ("suite", &self.suite, &question.suite),
            ("architecture", &self.architecture, &question.architecture),
        ];
        for (what, locked, wanted) in pairs {
            if locked != wanted {
                differences.push(format!("it is for the {what} {locked}, not {wanted}"));
            }
        }
        let names = |extra: &[Extra]| extra.iter().map(ToString::to_string).collect::<Vec<_>>();
        let sets = [
            ("component", &self.components, &question.components),
            ("suite for", &names(&self.extra), &names(&question.extra)),
            ("package", &self.requested, &question.requested),
        ];
        for (what, locked, wanted) in sets {
            let (locked, wanted): (BTreeSet<_>, BTreeSet<_>) =
                (locked.iter().collect(), wanted.iter().collect());
            differences.extend(
                wanted.difference(&locked).map(|name| format!("it was made without the {what} {name}")),
            );
            differences
                .extend(locked.difference(&wanted).map(|name| format!("it was made with the {what} {name}")));
        }
        if differences.is_empty() { Ok(()) } else { Err(LockError::Stale { differences }) }
    }
}
