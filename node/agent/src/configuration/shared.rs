//! What the handles of an [`Engine`](super::Engine) share: documents and states in memory, joined with the files.
//!
//! Everything here is synchronous and is called from threads that may wait for a disk. Transactions go one after
//! another (`writing`); what is in memory is locked for moments only, so that readers never wait for a disk.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use corten_config::{
    Change, Document, MAX_DOCUMENT, Merged, Problem, Report, Settings, changes, redacted, with_kept_secrets,
};
use corten_control::Boot;
use tokio::sync::watch;

use super::choose::{Choice, Good, Lower, Operators, Standing, choose, judge};
use super::clock::Clock;
use super::core::{self, Apply, Effect, Refusal, Soundness, State, Step, When};
use super::engine::Applied;
use super::error::{ApplyError, ConfirmError, StoreError};
use super::in_force::{InForce, Mode, Trial};
use super::layers::{self, problem};
use super::places::Places;
use super::record::{Entry, EntryState, Kept};
use super::store::{Found, Store};

/// Bytes of what init says of a start.
const MAX_BOOT: u64 = 64 << 10;
/// Characters of a document's name.
const MAX_NAME: usize = 128;

/// What all handles share.
pub struct Shared {
    places: Places,
    store: Store,
    clock: Box<dyn Clock>,
    /// Held for the whole of a transaction.
    writing: Mutex<()>,
    inner: Mutex<Inner>,
    out: watch::Sender<Arc<InForce>>,
}

/// What is in memory.
#[derive(Clone)]
struct Inner {
    state: State,
    lower: Arc<Lower>,
    /// The operator's document, as far as it can be read.
    operator: Result<Option<Document>, Problem>,
    /// The document on trial.
    trial: Option<Document>,
    last_good: Option<Arc<Good>>,
    standing: Standing,
    good: Arc<Good>,
    merged: Option<Arc<Merged>>,
    settings: Arc<Settings>,
    /// What is wrong with documents that are not in force.
    left_out: Vec<Problem>,
    /// What is wrong with a configuration that waited for this start.
    not_adopted: Vec<Problem>,
    /// Files that could not be read or written.
    files: Vec<Problem>,
    /// What could not be put into effect, by who tried.
    notes: BTreeMap<&'static str, Vec<Problem>>,
    /// Why there is no state; empty where there is one.
    no_state: String,
}

impl Shared {
    /// Reads everything and puts into force what can be.
    pub fn open(places: Places, clock: Box<dyn Clock>) -> Self {
        let store = Store::new(places.clone());
        let Found { record, lost, last_good, trial, problems } = store.load();
        let mut files: Vec<_> = problems.iter().map(problem).collect();
        let boot_id = fs::read_to_string(places.boot_id()).ok().map(|text| text.trim().to_owned());
        let boot_id = boot_id.filter(|id| !id.is_empty());
        let (step, due) = core::open(record, trial, boot_id, clock.monotonic_ms());
        let mut state = step.state;
        let mut effects = step.then;
        let mut operator = match (&lost, &last_good) {
            (None, _) => operators(&store, &state),
            (Some(error), None) => Err(problem(error)),
            (Some(error), Some(good)) => {
                files.push(problem(error));
                Ok(good.operator.clone())
            }
        };
        if let (Some(_), Some(Good { generation, operator: Some(document), .. })) = (&lost, &last_good) {
            let save = [
                Effect::SaveDocument(*generation, document.format.into()),
                Effect::SaveRecord(Box::new(state.record.clone())),
            ];
            files.extend(store.perform(&save, Some(&document.text)).err().as_ref().map(problem));
        }
        let mut not_adopted = Vec::new();
        let lower = layers::read(&places);
        if let Some(number) = due {
            let judged = kept(&store, &state, number).map_err(|problem| vec![problem]).and_then(|document| {
                let judged = judge(&lower, &document, last_good.as_ref(), corten_config::read);
                judged.map(|_| document).map_err(|report| report.problems)
            });
            let soundness = match judged {
                Ok(document) => {
                    operator = Ok(Some(document));
                    Soundness::Sound
                }
                Err(problems) => {
                    not_adopted = problems;
                    Soundness::Broken
                }
            };
            let step = state.due(soundness);
            state = step.state;
            effects.extend(step.then);
        }
        let trial = state.running().and_then(|number| kept(&store, &state, number).ok());
        files.extend(store.perform(&effects, None).err().as_ref().map(problem));
        if lost.is_none() {
            store.sweep(&state.record);
        }
        let inner = Inner {
            state,
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
            files,
            notes: BTreeMap::new(),
            no_state: no_state(&places),
        };
        let (out, _) = watch::channel(Arc::new(inner.in_force()));
        let shared = Self { places, store, clock, writing: Mutex::new(()), inner: Mutex::new(inner), out };
        shared.choose();
        shared
    }

    /// What is in force.
    pub fn in_force(&self) -> watch::Receiver<Arc<InForce>> {
        self.out.subscribe()
    }

    /// The clock that trials go by, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }

    /// What applying a document would change.
    pub fn check(&self, document: &Document) -> Result<Vec<Change>, Report> {
        let inner = self.inner().clone();
        let (_, merged) = inner.judge(&inner.prepared(document)?)?;
        Ok(changes(inner.merged.as_deref(), &merged))
    }

    /// Puts a document in the place of the operator's.
    pub fn apply(&self, document: &Document, when: When, by: &str) -> Result<Applied, ApplyError> {
        let _turn = self.turn();
        self.end_trial();
        let inner = self.inner().clone();
        if when == When::AtReboot && !inner.no_state.is_empty() {
            return Err(ApplyError::NoState);
        }
        let document = inner.prepared(document).map_err(ApplyError::Invalid)?;
        let (mut good, merged) = inner.judge(&document).map_err(ApplyError::Invalid)?;
        let changes = changes(inner.merged.as_deref(), &merged);
        let apply = Apply { when, by, name: &document.name, format: document.format, changes: &changes };
        let step = inner.state.apply(&apply, self.clock.wall_ns(), self.clock.monotonic_ms());
        let step = step.map_err(|refusal| refused(&refusal))?;
        let number = step.state.record.last;
        self.commit(&inner.state, &step, Some(&document.text))?;
        good.generation = number;
        let mut inner = self.inner();
        inner.state = step.state;
        match when {
            When::AtReboot => {}
            When::Now => inner.operator = Ok(Some(document)),
            When::Trial(_) => inner.trial = Some(document),
        }
        if when != When::AtReboot {
            inner.put(Standing::Whole, good, Some(merged));
        }
        inner.not_adopted.clear();
        drop(inner);
        self.follow(&step.then);
        Ok(Applied { generation: number, changes })
    }

    /// Makes the configuration on trial the operator's.
    pub fn confirm(&self, generation: u64) -> Result<u64, ConfirmError> {
        let _turn = self.turn();
        self.end_trial();
        let state = self.inner().state.clone();
        let step = state.confirm(generation).map_err(|refusal| match refusal {
            Refusal::Other { running } => ConfirmError::Other { asked: generation, running },
            _ => ConfirmError::NoTrial,
        })?;
        self.commit(&state, &step, None)?;
        let mut inner = self.inner();
        inner.state = step.state;
        let number = inner.state.generation();
        inner.operator = Ok(inner.trial.take());
        drop(inner);
        self.follow(&step.then);
        Ok(number)
    }

    /// Ends the trial if its time is over.
    pub fn tick(&self) {
        let _turn = self.turn();
        self.end_trial();
    }

    /// Reads the lower layers again.
    pub fn platform_changed(&self) {
        let _turn = self.turn();
        let lower = layers::read(&self.places);
        if *self.inner().lower != lower {
            self.inner().lower = Arc::new(lower);
            self.choose();
        }
    }

    /// What somebody could not put into effect; it stands until they say otherwise.
    pub fn note(&self, who: &'static str, problems: Vec<Problem>) {
        let mut inner = self.inner();
        if inner.notes.get(who).map_or(&[][..], Vec::as_slice) != problems {
            inner.notes.insert(who, problems);
            drop(inner);
            self.publish();
        }
    }

    /// The operator's document in force, secrets removed.
    pub fn operator(&self) -> Option<Document> {
        let inner = self.inner();
        inner.good.operator.as_ref().map(redacted)
    }

    /// What was applied, newest first.
    pub fn history(&self) -> Vec<Entry> {
        let inner = self.inner();
        let mut entries: Vec<_> = inner.state.record.history.iter().rev().map(Kept::entry).collect();
        for entry in &mut entries {
            let operators = inner.state.record.operator == Some(entry.number);
            if operators && inner.standing != Standing::Whole {
                entry.state = EntryState::Broken;
            }
            if inner.standing == Standing::LastGood && entry.number == inner.good.generation {
                entry.state = EntryState::InForce;
            }
        }
        entries
    }
}

impl Shared {
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self) {
        let in_force = Arc::new(self.inner().in_force());
        self.out.send_replace(in_force);
    }

    /// Writes what a step needs, or leaves everything as it was.
    fn commit(&self, before: &State, step: &Step, text: Option<&str>) -> Result<(), StoreError> {
        let Err(error) = self.store.perform(&step.must, text) else { return Ok(()) };
        let back = before.failed(step);
        let _ = self.store.perform(&back.then, None);
        self.inner().state = back.state;
        Err(error)
    }

    /// After something took effect: others see it, then files follow.
    fn follow(&self, effects: &[Effect]) {
        self.publish();
        let mut failed = Vec::new();
        failed.extend(self.store.perform(effects, None).err());
        let (state, standing, good, last) = {
            let inner = self.inner();
            (inner.state.running(), inner.standing, inner.good.clone(), inner.last_good.clone())
        };
        if state.is_none() && standing == Standing::Whole && last.as_ref() != Some(&good) {
            match self.store.save_last_good(&good) {
                Ok(()) => self.inner().last_good = Some(good),
                Err(error) => failed.push(error),
            }
        }
        let failed: Vec<_> = failed.iter().map(problem).collect();
        let mut inner = self.inner();
        if inner.files != failed && (!failed.is_empty() || !effects.is_empty()) {
            inner.files = failed;
            drop(inner);
            self.publish();
        }
    }

    fn end_trial(&self) {
        let Some(step) = self.inner().state.tick(self.clock.monotonic_ms()) else { return };
        {
            let mut inner = self.inner();
            inner.state = step.state;
            inner.trial = None;
        }
        self.choose_then(&step.then);
    }

    fn choose(&self) {
        self.choose_then(&[]);
    }

    fn choose_then(&self, effects: &[Effect]) {
        let inner = self.inner().clone();
        let document = match (&inner.trial, inner.state.running()) {
            (Some(document), Some(_)) => Ok(Some(document.clone())),
            _ => inner.operator.clone(),
        };
        let operators = Operators { generation: inner.state.generation(), document };
        let last = inner.last_good.as_deref();
        let Choice { standing, good, merged, problems } =
            choose(&inner.lower, &operators, last, corten_config::read);
        let mut inner = self.inner();
        inner.put(standing, good, merged);
        inner.left_out = problems;
        drop(inner);
        self.follow(effects);
    }
}

impl Inner {
    fn put(&mut self, standing: Standing, good: Good, merged: Option<Merged>) {
        self.standing = standing;
        self.good = Arc::new(good);
        self.settings = Arc::new(merged.as_ref().map(|merged| merged.settings().clone()).unwrap_or_default());
        self.merged = merged.map(Arc::new);
        if standing == Standing::Whole {
            self.left_out.clone_from(&self.lower.problems);
        }
    }

    /// A document as it is kept: with a name that no other layer has, and with its secrets.
    fn prepared(&self, document: &Document) -> Result<Document, Report> {
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

    fn judge(&self, document: &Document) -> Result<(Good, Merged), Report> {
        judge(&self.lower, document, self.last_good.as_deref(), corten_config::read)
    }

    fn in_force(&self) -> InForce {
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

fn refused(refusal: &Refusal) -> ApplyError {
    match *refusal {
        Refusal::OnTrial { generation, left_ms } => {
            ApplyError::OnTrial { generation, seconds_left: left_ms.div_ceil(1000) }
        }
        Refusal::TrialLength(length) => ApplyError::TrialLength { seconds: length.as_secs() },
        _ => ApplyError::NoBootId,
    }
}

/// The document of a number.
fn kept(store: &Store, state: &State, number: u64) -> Result<Document, Problem> {
    let Some(kept) = state.record.kept(number) else {
        return Err(of(String::new(), format!("configuration {number} is not in the record")));
    };
    let text = store.document(number, kept.format).map_err(|error| problem(&error))?;
    Ok(Document { name: kept.name.clone(), format: kept.format.into(), text })
}

fn operators(store: &Store, state: &State) -> Result<Option<Document>, Problem> {
    state.record.operator.map(|number| kept(store, state, number)).transpose()
}

/// Why the node has no state, as init found.
fn no_state(places: &Places) -> String {
    let text = layers::text(&places.boot(), MAX_BOOT).ok().flatten().unwrap_or_default();
    serde_json::from_str::<Boot>(&text).unwrap_or_default().maintenance
}

fn of(document: String, message: String) -> Problem {
    Problem { document, line: 0, column: 0, key: String::new(), message, help: None }
}
