//! The configuration in memory: documents, where they stand, and what is wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use corten_config::{Document, MAX_DOCUMENT, Merged, Problem, Report, Settings, with_kept_secrets};

use super::choose::{Choice, Good, Lower, Standing, judge};
use super::core::State;
use super::in_force::{InForce, Mode, Trial};

/// Characters of a document's name.
const MAX_NAME: usize = 128;

/// What is in memory.
#[derive(Clone)]
pub struct Inner {
    pub state: State,
    pub lower: Arc<Lower>,
    /// The operator's document, as far as it can be read.
    pub operator: Result<Option<Document>, Problem>,
    /// The document on trial.
    pub trial: Option<Document>,
    pub last_good: Option<Arc<Good>>,
    pub standing: Standing,
    pub good: Arc<Good>,
    pub merged: Option<Arc<Merged>>,
    pub settings: Arc<Settings>,
    /// What is wrong with documents that are not in force.
    pub left_out: Vec<Problem>,
    /// What is wrong with a configuration that waited for this start.
    pub not_adopted: Vec<Problem>,
    /// Files that could not be read or written.
    pub files: Vec<Problem>,
    /// What could not be put into effect, by who tried.
    pub notes: BTreeMap<&'static str, Vec<Problem>>,
    /// Why there is no state; empty where there is one.
    pub no_state: String,
}

impl Inner {
    /// Puts documents into force.
    pub fn put(&mut self, choice: Choice<Merged>) {
        let Choice { standing, good, merged, problems } = choice;
        self.standing = standing;
        self.good = Arc::new(good);
        self.settings = Arc::new(merged.as_ref().map(|merged| merged.settings().clone()).unwrap_or_default());
        self.merged = merged.map(Arc::new);
        self.left_out = problems;
    }

    /// A document as it is kept: with a name that no other layer has, and with its secrets.
    pub fn prepared(&self, document: &Document) -> Result<Document, Report> {
        let last = document.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = last.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
        let name = if name.is_empty() { "operator".into() } else { name };
        if document.text.len() > MAX_DOCUMENT {
            let bytes = document.text.len();
            let message = format!("{bytes} bytes, expected {MAX_DOCUMENT} at most");
            return Err(Report::new(vec![of(name, message)]));
        }
        let named = Document { name, ..document.clone() };
        let mut old = self.good.documents();
        // While another one is in force, somebody may have its text at hand all the same.
        old.extend(self.operator.iter().flatten().cloned());
        old.extend(self.good.operator.clone());
        Ok(with_kept_secrets(&named, &old))
    }

    /// Whether a document may become the operator's, and what it would be in force with.
    pub fn judge(&self, document: &Document) -> Result<Choice<Merged>, Report> {
        judge(&self.lower, document, self.last_good.as_deref(), super::read::read)
    }

    /// What others see of it.
    pub fn in_force(&self) -> InForce {
        let mut problems = self.left_out.clone();
        problems.extend(self.not_adopted.iter().cloned());
        problems.extend(self.files.iter().cloned());
        if !self.no_state.is_empty() {
            let message = "the node has no state: what is applied is gone with its next start".to_owned();
            problems.push(of(String::new(), message));
        }
        problems.extend(self.notes.values().flatten().cloned());
        let trial = self.state.trial.as_ref();
        InForce {
            generation: self.good.generation,
            mode: self.mode(),
            settings: self.settings.clone(),
            merged: self.merged.clone(),
            problems,
            trial: trial.map(|running| Trial { generation: running.generation, ends_ms: running.ends_ms }),
            pending: self.state.record.pending.as_ref().map(|pending| pending.generation),
        }
    }

    fn mode(&self) -> Mode {
        let reason = if !self.no_state.is_empty() {
            self.no_state.clone()
        } else if self.standing == Standing::Salvaged {
            match self.left_out.first() {
                Some(problem) => problem.to_string(),
                None => "the configuration can't be read".into(),
            }
        } else if self.settings.api.trusted.is_empty() {
            "no configuration says whom the API may trust (api.trusted)".into()
        } else {
            return Mode::Configured;
        };
        Mode::Maintenance { reason }
    }
}

/// A problem without a place.
pub fn of(document: String, message: String) -> Problem {
    Problem { document, line: 0, column: 0, key: String::new(), message, help: None }
}
