//! One workload: its containers, and what they share.

use std::collections::BTreeMap;

use corten_config::settings::{Workload, WorkloadNetwork};

use super::unit::{Run, Unit};
use super::{Fingerprint, Ms, Wanted};

/// The network of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// It has none.
    #[default]
    Down,
    /// It is being given one of this form.
    Joining(Fingerprint),
    /// It has one of this form.
    Up(Fingerprint),
    /// It is being taken away.
    Leaving,
    /// It could not be given one.
    Trouble {
        /// Why.
        why: String,
        /// When it is tried again.
        again: Ms,
    },
    /// It could not be taken away.
    Stuck {
        /// Why.
        why: String,
        /// When it is tried again.
        again: Ms,
    },
}

impl Link {
    /// The form that is being given.
    pub(super) fn wanted(&self) -> Fingerprint {
        match self {
            Self::Joining(shared) | Self::Up(shared) => shared.clone(),
            _ => Fingerprint::new(),
        }
    }
}

/// A workload.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// What it is to be; `None` for one that is not in the configuration any more.
    pub wanted: Option<Workload>,
    /// The form of all of it.
    pub(super) form: Fingerprint,
    /// Form of what its containers share.
    pub(super) shared: Fingerprint,
    /// Its network.
    pub link: Link,
    /// Its containers.
    pub units: BTreeMap<String, Unit>,
    /// Whether a person stopped it.
    pub is_held: bool,
    /// Whether a job is to run now.
    pub is_due: bool,
    /// Whether it was started: what it waits for matters only before.
    pub(super) has_begun: bool,
}

impl Group {
    pub(super) fn want(&mut self, now: Ms, wanted: Wanted) {
        for (name, unit) in &mut self.units {
            if !wanted.containers.contains_key(name) {
                unit.wanted = None;
            }
        }
        for (name, fingerprint) in wanted.containers {
            let Some(container) = wanted.workload.containers.get(&name) else { continue };
            let unit = self.units.entry(name).or_default();
            unit.want(now, container.clone(), fingerprint);
        }
        // What a person stopped stays so until what it is to be changes.
        self.is_held &= self.form == wanted.form;
        self.wanted = Some(wanted.workload);
        self.form = wanted.form;
        self.shared = wanted.shared;
    }

    pub(super) fn unwant(&mut self) {
        self.wanted = None;
        self.units.values_mut().for_each(|unit| unit.wanted = None);
    }

    /// Whether it is a job.
    pub fn is_job(&self) -> bool {
        self.wanted.as_ref().is_some_and(|workload| workload.schedule.is_some())
    }

    /// Whether it needs a network of its own before it runs.
    pub(super) fn needs_link(&self) -> bool {
        self.wanted.as_ref().is_some_and(|workload| workload.network != WorkloadNetwork::Host)
    }

    /// Whether all its containers are ready, or ended as they were to.
    pub fn is_ready(&self) -> bool {
        self.has_begun && !self.is_held && self.units.values().all(Unit::counts_as_ready)
    }

    /// Whether none of its containers is there.
    pub fn has_no_process(&self) -> bool {
        self.units.values().all(|unit| unit.run.is_nothing())
    }

    /// Whether nothing is left of it.
    pub(super) fn is_gone(&self) -> bool {
        self.link == Link::Down && self.units.values().all(Unit::is_gone)
    }

    /// A person stops it. A job that runs ends, and this run of it is not made up for.
    pub(super) fn hold(&mut self) {
        self.is_held = true;
        self.is_due = false;
    }

    /// The network that it has is none that it can stay in.
    pub(super) fn displace(&mut self) {
        if let Link::Up(form) = &mut self.link {
            form.clear();
        }
    }

    pub(super) fn release(&mut self, now: Ms) {
        self.is_held = false;
        if self.is_job() {
            self.due(now);
            return;
        }
        self.units.values_mut().for_each(|unit| unit.forget_end(now));
    }

    pub(super) fn again(&mut self, now: Ms) {
        self.release(now);
        self.units.values_mut().for_each(|unit| unit.again(now));
    }

    /// It is time for a job. One that still runs goes on: two at a time are never wanted. One that a person stopped stays
    /// so.
    pub(super) fn due(&mut self, now: Ms) {
        if self.is_held || self.is_due || !self.has_no_process() {
            return;
        }
        self.is_due = true;
        self.units.values_mut().for_each(|unit| unit.forget_end(now));
    }

    /// A job whose containers have all ended has been done.
    pub(super) fn settle(&mut self) {
        let is_over = |unit: &Unit| matches!(unit.run, Run::Done | Run::Failed);
        if self.is_due && self.has_begun && self.units.values().all(is_over) {
            self.is_due = false;
        }
    }
}
