//! What becomes of operators' configurations: a state machine without clock, files and documents.
//!
//! Every step says which state follows and which files change, in order: first those without which nothing takes
//! effect, then those that merely follow. Each file is the old one or the new one, so a cut between two of them is all
//! that can happen, and [`open`] makes sense of whatever it left. The record alone says which configuration is the
//! operator's: a document is written before the record that names it, and removed after the record forgot it.

use std::time::Duration;

use corten_config::{Change, Format};
use serde::{Deserialize, Serialize};

use super::record::{EntryState, Kept, Language, Pending, Record, kept_changes};

/// A trial is not shorter: somebody has to see the node and confirm.
pub const SHORTEST_TRIAL: Duration = Duration::from_secs(10);
/// And not longer: nobody remembers it the day after.
pub const LONGEST_TRIAL: Duration = Duration::from_hours(1);

/// When a configuration takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Now.
    Now,
    /// With the next start of the node.
    AtReboot,
    /// Now, and not any more after this time unless it is confirmed.
    Trial(Duration),
}

/// A trial, as it lies in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Running {
    /// Number of the configuration.
    pub generation: u64,
    /// When it ends, milliseconds of the monotonic clock.
    pub ends_ms: u64,
    /// The kernel's name for the start that it belongs to.
    pub boot: Option<String>,
}

/// Where configurations stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What is kept.
    pub record: Record,
    /// What is on trial.
    pub trial: Option<Running>,
    /// The kernel's name for this start, if it says so.
    pub boot: Option<String>,
}

/// What a person applies.
#[derive(Clone, Debug)]
pub struct Apply<'a> {
    /// When it is to take effect.
    pub when: When,
    /// Who applies it.
    pub by: &'a str,
    /// What the document is called.
    pub name: &'a str,
    /// Its language.
    pub format: Format,
    /// What differs from what is in force.
    pub changes: &'a [Change],
}

/// A file that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The text of a configuration is kept under its number.
    SaveDocument(u64, Language),
    /// The record is replaced.
    SaveRecord(Box<Record>),
    /// The trial is written down for a restart of the agent.
    SaveTrial(Running),
    /// It is over.
    RemoveTrial,
    /// The text of a configuration is forgotten.
    RemoveDocument(u64, Language),
}

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state after it.
    pub state: State,
    /// Files without which nothing takes effect, in order.
    pub must: Vec<Effect>,
    /// Files that follow, in order. If one of them fails, the next start makes sense of it.
    pub then: Vec<Effect>,
}

/// Why an event leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A trial runs.
    OnTrial {
        /// Number of the configuration.
        generation: u64,
        /// Milliseconds until it is over.
        left_ms: u64,
    },
    /// The length of the trial.
    TrialLength(Duration),
    /// This start has no name.
    NoBootId,
    /// No trial runs.
    NoTrial,
    /// Another trial runs.
    Other {
        /// Number of the configuration on trial.
        running: u64,
    },
}

/// The state that a start of the agent begins with, from what was found. The second value is the configuration that
/// waited for this start: whether it can be put into force is for [`State::due`].
pub fn open(
    record: Record,
    found: Option<Running>,
    boot: Option<String>,
    now_ms: u64,
) -> (Step, Option<u64>) {
    let mut state = State { record, trial: None, boot };
    let highest = state.record.history.iter().map(|kept| kept.number).max().unwrap_or(0);
    state.record.last = state.record.last.max(highest);
    let mut then = Vec::new();
    if let Some(running) = found {
        let same_start = state.boot.is_some() && running.boot == state.boot;
        let left = running.ends_ms.saturating_sub(now_ms);
        let known =
            state.record.kept(running.generation).is_some_and(|kept| kept.state == EntryState::OnTrial);
        if same_start && known && left > 0 && u128::from(left) <= LONGEST_TRIAL.as_millis() {
            state.trial = Some(running);
        } else {
            then.push(Effect::RemoveTrial);
        }
    }
    let running = state.running();
    let mut changed = false;
    for kept in &mut state.record.history {
        if kept.state == EntryState::OnTrial && Some(kept.number) != running {
            kept.state = EntryState::WentBack;
            changed = true;
        }
    }
    if changed {
        then.push(Effect::SaveRecord(Box::new(state.record.clone())));
    }
    let due = state.record.pending.as_ref().filter(|pending| {
        // Without a name of this start nobody knows whether it is the next one.
        state.boot.as_ref().is_some_and(|boot| *boot != pending.boot)
    });
    let due = due.map(|pending| pending.generation);
    (Step { state, must: Vec::new(), then }, due)
}

impl State {
    /// Number of the configuration on trial.
    pub fn running(&self) -> Option<u64> {
        self.trial.as_ref().map(|running| running.generation)
    }

    /// Number of the operator's configuration that is in force, as far as it can be read; 0 for none.
    pub fn generation(&self) -> u64 {
        self.running().or(self.record.operator).unwrap_or(0)
    }

    /// The time is `now_ms`: `None` if nothing follows from it.
    pub fn tick(&self, now_ms: u64) -> Option<Step> {
        let running = self.trial.as_ref().filter(|running| running.ends_ms <= now_ms)?;
        let mut state = self.clone();
        state.trial = None;
        state.record.mark(running.generation, EntryState::WentBack);
        // Going back has to happen, whether it can be written down or not: a trial without its file, or one whose time
        // is over, is none at the next start.
        let then = vec![Effect::RemoveTrial, Effect::SaveRecord(Box::new(state.record.clone()))];
        Some(Step { state, must: Vec::new(), then })
    }

    /// A sound document is applied.
    pub fn apply(&self, apply: &Apply<'_>, at_ns: i64, now_ms: u64) -> Result<Step, Refusal> {
        if let Some(running) = &self.trial {
            let left_ms = running.ends_ms.saturating_sub(now_ms);
            return Err(Refusal::OnTrial { generation: running.generation, left_ms });
        }
        let mut state = self.clone();
        let number = state.record.last + 1;
        state.record.last = number;
        let format = Language::from(apply.format);
        let mut must = vec![Effect::SaveDocument(number, format)];
        let mut last = None;
        let outcome = match apply.when {
            When::Now => {
                state.adopt(number);
                EntryState::InForce
            }
            When::AtReboot => {
                let boot = state.boot.clone().ok_or(Refusal::NoBootId)?;
                state.drop_pending();
                state.record.pending = Some(Pending { generation: number, boot });
                EntryState::AtReboot
            }
            When::Trial(length) => {
                if !(SHORTEST_TRIAL..=LONGEST_TRIAL).contains(&length) {
                    return Err(Refusal::TrialLength(length));
                }
                let ends_ms = now_ms.saturating_add(length.as_millis() as u64);
                let running = Running { generation: number, ends_ms, boot: state.boot.clone() };
                last = Some(Effect::SaveTrial(running.clone()));
                state.trial = Some(running);
                EntryState::OnTrial
            }
        };
        state.record.history.push(Kept {
            number,
            at_ns,
            by: apply.by.chars().take(256).collect(),
            name: apply.name.to_owned(),
            format,
            state: outcome,
            changes: kept_changes(apply.changes),
        });
        let gone = state.record.trim(state.running());
        must.push(Effect::SaveRecord(Box::new(state.record.clone())));
        must.extend(last);
        let then = gone.into_iter().map(|(number, format)| Effect::RemoveDocument(number, format)).collect();
        Ok(Step { state, must, then })
    }

    /// The configuration on trial is confirmed; 0 means whichever that is.
    pub fn confirm(&self, generation: u64) -> Result<Step, Refusal> {
        let running = self.running().ok_or(Refusal::NoTrial)?;
        if generation != 0 && generation != running {
            return Err(Refusal::Other { running });
        }
        let mut state = self.clone();
        state.trial = None;
        state.adopt(running);
        let must = vec![Effect::SaveRecord(Box::new(state.record.clone()))];
        Ok(Step { state, must, then: vec![Effect::RemoveTrial] })
    }

    /// The configuration that waited for this start becomes the operator's if it is sound.
    pub fn due(&self, soundness: Soundness) -> Step {
        let mut state = self.clone();
        if let Some(pending) = state.record.pending.take() {
            match soundness {
                Soundness::Sound => state.adopt(pending.generation),
                Soundness::Broken => state.record.mark(pending.generation, EntryState::Broken),
            }
        }
        // Not written down it is due again at the next start of the agent, which leads to the same.
        let then = vec![Effect::SaveRecord(Box::new(state.record.clone()))];
        Step { state, must: Vec::new(), then }
    }

    /// What is left if a step could not be written: as before, but its number is used up, since it may be on the disk
    /// all the same.
    pub fn failed(&self, step: &Step) -> Step {
        let mut state = self.clone();
        state.record.last = step.state.record.last;
        let mut then = Vec::new();
        for effect in step.must.iter().rev() {
            match effect {
                Effect::SaveTrial(_) => then.push(Effect::RemoveTrial),
                Effect::SaveRecord(_) => then.push(Effect::SaveRecord(Box::new(state.record.clone()))),
                Effect::SaveDocument(number, format) => then.push(Effect::RemoveDocument(*number, *format)),
                Effect::RemoveTrial | Effect::RemoveDocument(..) => {}
            }
        }
        Step { state, must: Vec::new(), then }
    }

    fn adopt(&mut self, number: u64) {
        self.drop_pending();
        if let Some(before) = self.record.operator.replace(number) {
            self.record.mark(before, EntryState::Replaced);
        }
        self.record.mark(number, EntryState::InForce);
    }

    /// What waited is older than what was applied since.
    fn drop_pending(&mut self) {
        if let Some(pending) = self.record.pending.take() {
            self.record.mark(pending.generation, EntryState::Replaced);
        }
    }
}

/// Whether a document can be put into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// It can.
    Sound,
    /// It can't.
    Broken,
}

#[cfg(test)]
mod tests;
