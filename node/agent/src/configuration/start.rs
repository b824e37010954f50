//! What a start of the agent makes of the files that it finds. Nothing that is wrong in them stops it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use corten_config::{Document, Problem};
use corten_control::Boot;

use super::choose::{Good, Lower, Standing, judge};
use super::core::{self, Effect, Soundness, State, Step};
use super::inner::{Inner, of};
use super::layers::{self, problem};
use super::places::Places;
use super::store::{Found, Store};

/// Bytes of what init says of a start.
const MAX_BOOT: u64 = 64 << 10;

/// A start on its way.
struct Start<'a> {
    store: &'a Store,
    state: State,
    /// What is wrong with files.
    files: Vec<Problem>,
}

/// Reads everything. What is in force is not chosen yet.
pub fn start(places: &Places, store: &Store, now_ms: u64) -> Inner {
    let Found { record, lost, last_good, trial, problems } = store.load();
    let (step, due) = core::open(record, trial, boot_id(places), now_ms);
    let files = problems.iter().map(problem).collect();
    let mut start = Start { store, state: step.state, files };
    let mut operator = match (lost, &last_good) {
        (None, _) => {
            store.sweep(&start.state.record);
            start.operators()
        }
        (Some(error), None) => Err(problem(&error)),
        (Some(error), Some(good)) => {
            start.files.push(problem(&error));
            start.keep_again(good);
            Ok(good.operator.clone())
        }
    };
    start.perform(&step.then, None);
    let lower = layers::read(places);
    let mut not_adopted = Vec::new();
    if let Some(number) = due {
        match start.adopt(number, &lower, last_good.as_ref()) {
            Ok(document) => operator = Ok(Some(document)),
            Err(problems) => not_adopted = problems,
        }
    }
    let trial = start.trial();
    Inner {
        state: start.state,
        lower: Arc::new(lower),
        operator,
        trial,
        last_good: last_good.map(Arc::new),
        standing: Standing::Salvaged,
        good: Arc::default(),
        merged: None,
        settings: Arc::default(),
        left_out: Vec::new(),
        not_adopted,
        files: start.files,
        notes: BTreeMap::new(),
        no_state: no_state(places),
    }
}

impl Start<'_> {
    /// Carries out what may fail.
    fn perform(&mut self, effects: &[Effect], text: Option<&str>) {
        let failed = self.store.perform(effects, text).err();
        self.files.extend(failed.as_ref().map(problem));
    }

    fn take(&mut self, step: Step) {
        self.state = step.state;
        self.perform(&step.then, None);
    }

    /// The document of a number.
    fn document(&self, number: u64) -> Result<Document, Problem> {
        let Some(kept) = self.state.record.kept(number) else {
            return Err(of(String::new(), format!("configuration {number} is not in the record")));
        };
        let text = self.store.document(number, kept.format).map_err(|error| problem(&error))?;
        Ok(Document { name: kept.name.clone(), format: kept.format.into(), text })
    }

    fn operators(&self) -> Result<Option<Document>, Problem> {
        self.state.record.operator.map(|number| self.document(number)).transpose()
    }

    /// Writes a lost record anew, from the documents that were in force last.
    fn keep_again(&mut self, good: &Good) {
        let Some(document) = &good.operator else { return };
        let effects = [
            Effect::SaveDocument(good.generation, document.format.into()),
            Effect::SaveRecord(Box::new(self.state.record.clone())),
        ];
        self.perform(&effects, Some(&document.text));
    }

    /// What waited for this start becomes the operator's, or it is said why not.
    fn adopt(&mut self, number: u64, lower: &Lower, last: Option<&Good>) -> Result<Document, Vec<Problem>> {
        let judged = self.document(number).map_err(|problem| vec![problem]).and_then(|document| {
            let judged = judge(lower, &document, last, super::read::read);
            judged.map(|_| document).map_err(|report| report.problems)
        });
        let soundness = if judged.is_ok() { Soundness::Sound } else { Soundness::Broken };
        let step = self.state.due(soundness);
        self.take(step);
        judged
    }

    /// The document on trial. Without it there is no trial.
    fn trial(&mut self) -> Option<Document> {
        let document = self.state.running().map(|number| self.document(number))?;
        if document.is_err()
            && let Some(step) = self.state.tick(u64::MAX)
        {
            self.take(step);
        }
        document.map_err(|problem| self.files.push(problem)).ok()
    }
}

/// The kernel's name for this start.
fn boot_id(places: &Places) -> Option<String> {
    let text = fs::read_to_string(places.boot_id()).ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Why the node has no state, as init found.
fn no_state(places: &Places) -> String {
    let text = layers::text(&places.boot(), MAX_BOOT).ok().flatten().unwrap_or_default();
    serde_json::from_str::<Boot>(&text).unwrap_or_default().maintenance
}
