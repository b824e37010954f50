//! What the handles of an [`Engine`](super::Engine) share: documents and states in memory, joined with the files.
//!
//! Everything here is synchronous and is called from threads that may wait for a disk. Transactions go one after
//! another (`writing`); what is in memory is locked for moments only, so that readers never wait for a disk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use corten_config::{Change, Document, Problem, Report, changes, redacted};
use tokio::sync::watch;

use super::choose::{Operators, Standing, choose};
use super::clock::Clock;
use super::core::{Apply, Effect, Refusal, State, Step, When};
use super::engine::Applied;
use super::error::{ApplyError, ConfirmError, StoreError};
use super::in_force::InForce;
use super::inner::Inner;
use super::layers::{self, problem};
use super::places::Places;
use super::record::{Entry, EntryState, Kept};
use super::start::start;
use super::store::Store;

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

impl Shared {
    /// Reads everything and puts into force what can be.
    pub fn open(places: Places, clock: Box<dyn Clock>) -> Self {
        let store = Store::new(places.clone());
        let inner = start(&places, &store, clock.monotonic_ms());
        let (out, _) = watch::channel(Arc::new(inner.in_force()));
        let shared = Self { places, store, clock, writing: Mutex::new(()), inner: Mutex::new(inner), out };
        shared.choose(&[]);
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
        let judged = inner.judge(&inner.prepared(document)?)?;
        Ok(judged.merged.map(|merged| changes(inner.merged.as_deref(), &merged)).unwrap_or_default())
    }

    /// Whether somebody could be let in with a document in the place of the operator's.
    pub fn would_trust(&self, document: &Document) -> Result<bool, Report> {
        let inner = self.inner().clone();
        let judged = inner.judge(&inner.prepared(document)?)?;
        Ok(judged.merged.is_some_and(|merged| !merged.settings().api.trusted.is_empty()))
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
        let mut judged = inner.judge(&document).map_err(ApplyError::Invalid)?;
        let merged = judged.merged.as_ref();
        let changes = merged.map(|merged| changes(inner.merged.as_deref(), merged)).unwrap_or_default();
        let apply = Apply { when, by, name: &document.name, format: document.format, changes: &changes };
        let step = inner.state.apply(&apply, self.clock.wall_ns(), self.clock.monotonic_ms());
        let step = step.map_err(|refusal| refused(&refusal))?;
        let number = step.state.record.last;
        self.commit(&inner.state, &step, Some(&document.text))?;
        judged.good.generation = number;
        let mut inner = self.inner();
        inner.state = step.state;
        match when {
            When::AtReboot => {}
            When::Now => inner.operator = Ok(Some(document)),
            When::Trial(_) => inner.trial = Some(document),
        }
        if when != When::AtReboot {
            inner.put(judged);
        }
        inner.not_adopted.clear();
        inner.files.clear();
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
        inner.files.clear();
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
            self.choose(&[]);
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
        let new: Vec<_> = failed.into_iter().filter(|problem| !inner.files.contains(problem)).collect();
        if !new.is_empty() {
            inner.files.extend(new);
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
        self.choose(&step.then);
    }

    /// Puts into force what can be, now that something is not as it was; then files follow.
    fn choose(&self, effects: &[Effect]) {
        let inner = self.inner().clone();
        let document = match (&inner.trial, inner.state.running()) {
            (Some(document), Some(_)) => Ok(Some(document.clone())),
            _ => inner.operator.clone(),
        };
        let operators = Operators { generation: inner.state.generation(), document };
        let last = inner.last_good.as_deref();
        let choice = choose(&inner.lower, &operators, last, super::read::read);
        self.inner().put(choice);
        self.follow(effects);
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
