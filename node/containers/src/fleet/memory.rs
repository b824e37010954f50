//! What a later daemon has to know of the fleet and can't see on the node. It goes with the node: after a reboot
//! everything begins anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::unit::Ended;
use super::{Fingerprint, Fleet, Group, Link, Ms};

/// What is remembered of all workloads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Memory {
    workloads: BTreeMap<String, Remembered>,
}

/// What is remembered of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Remembered {
    /// The form of all of it.
    form: Fingerprint,
    /// Whether a person stopped it.
    is_held: bool,
    /// Whether a job is to run, or runs.
    is_due: bool,
    /// The form in which it has its network.
    link: Option<Fingerprint>,
    /// Containers that have ended and are not started again.
    ended: BTreeMap<String, Ended>,
}

impl Fleet {
    /// What a later daemon has to know.
    pub fn memory(&self) -> Memory {
        let workloads = self.groups.iter().map(|(name, group)| (name.clone(), group.remembered()));
        Memory { workloads: workloads.collect() }
    }

    pub(super) fn recall(&mut self, now: Ms, memory: Memory) {
        for (name, remembered) in memory.workloads {
            self.groups.entry(name).or_default().recall(now, remembered);
        }
    }
}

impl Group {
    fn remembered(&self) -> Remembered {
        let ended = self.units.iter().filter_map(|(name, unit)| Some((name.clone(), unit.ended()?)));
        Remembered {
            form: self.form.clone(),
            is_held: self.is_held,
            is_due: self.is_due,
            link: match &self.link {
                Link::Up(form) => Some(form.clone()),
                _ => None,
            },
            ended: ended.collect(),
        }
    }

    fn recall(&mut self, now: Ms, remembered: Remembered) {
        if self.wanted.is_none() {
            self.form = remembered.form;
            self.is_held = remembered.is_held;
        } else {
            self.is_held = remembered.is_held && self.form == remembered.form;
        }
        self.is_due = remembered.is_due;
        self.link = remembered.link.map_or(Link::Down, Link::Up);
        for (name, ended) in remembered.ended {
            self.units.entry(name).or_default().recall(now, ended);
        }
    }
}
