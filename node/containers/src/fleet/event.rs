//! What happens.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::unit::{Ready, Unit};
use super::{Fingerprint, Fleet, Group, Id, Link, Memory, Ms, Wanted};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exited {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub code: u32,
    /// Whether it was ended since it needed more memory than it may have.
    pub out_of_memory: bool,
}

/// A container that was there when the daemon started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub id: Id,
    /// Its form.
    pub fingerprint: Fingerprint,
    /// Its process, if one runs, or ended and is there to be asked how.
    pub pid: Option<u32>,
}

/// What is left of a container that was cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing at all.
    Nothing,
    /// containerd's record of it, for the next start.
    Record,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The configuration says this, and nothing else.
    Wanted(BTreeMap<String, Wanted>),
    /// What was there when the daemon started: containers, and workloads that have a network, with what an earlier daemon
    /// remembered.
    Looked(Vec<Found>, BTreeSet<String>, Memory),
    /// The image of a container is here, under this digest, or why not.
    Fetched(Id, Result<String, String>),
    /// A workload has its network, or why not.
    Joined(String, Result<(), String>),
    /// A workload has none any more, or why it still has.
    Left(String, Result<(), String>),
    /// Workloads can't stay where their networks are: they get them anew.
    Displaced(Vec<String>),
    /// A container runs, as this process, or why not.
    Started(Id, Result<u32, String>),
    /// A container ended.
    Exited(Id, Exited),
    /// What is left of one, or why more is than is to be.
    Cleaned(Id, Result<Rest, String>),
    /// What its checks say.
    Ready(Id, Ready, String),
    /// Its checks say that it has to be started again.
    Unwell(Id, String),
    /// Somebody stops a workload.
    Hold(String),
    /// Somebody starts a workload that was stopped, or that ended.
    Release(String),
    /// Somebody wants a workload started again.
    Again(String),
    /// It is time for a job.
    Due(String),
    /// Images came that containers may wait for, or may come now.
    ImagesCame,
    /// The node goes down.
    Ends,
}

/// Pause after something could not be done that belongs to no single container.
const RETRY: Ms = 2_000;

impl Fleet {
    /// Takes in what happened.
    pub fn hear(&mut self, now: Ms, event: Event) {
        match event {
            Event::Wanted(wanted) => self.want(now, wanted),
            Event::Looked(found, joined, memory) => self.look(now, found, joined, memory),
            Event::Ends => self.ends = true,
            Event::ImagesCame => {
                self.groups
                    .values_mut()
                    .flat_map(|group| group.units.values_mut())
                    .for_each(|unit| unit.try_now(now));
            }
            Event::Fetched(id, answer) => self.with(&id, |unit| unit.fetched(now, answer)),
            Event::Started(id, answer) => self.with(&id, |unit| unit.started(now, answer)),
            Event::Exited(id, exited) => self.with(&id, |unit| unit.exited(now, exited)),
            Event::Cleaned(id, answer) => self.with(&id, |unit| unit.cleaned(now, answer)),
            Event::Ready(id, ready, detail) => self.with(&id, |unit| unit.is_ready(now, ready, detail)),
            Event::Unwell(id, why) => self.with(&id, |unit| unit.unwell(now, why)),
            Event::Joined(name, answer) => self.group_with(&name, |group| {
                group.link = match answer {
                    Ok(()) => Link::Up(group.link.wanted()),
                    Err(why) => Link::Trouble { why, again: now + RETRY },
                }
            }),
            Event::Left(name, answer) => self.group_with(&name, |group| {
                group.link = match answer {
                    Ok(()) => Link::Down,
                    Err(why) => Link::Stuck { why, again: now + RETRY },
                }
            }),
            Event::Displaced(names) => {
                for name in names {
                    self.group_with(&name, Group::displace);
                }
            }
            Event::Hold(name) => self.group_with(&name, Group::hold),
            Event::Release(name) => self.group_with(&name, |group| group.release(now)),
            Event::Again(name) => self.group_with(&name, |group| group.again(now)),
            Event::Due(name) => self.group_with(&name, |group| group.due(now)),
        }
    }

    fn with(&mut self, id: &Id, change: impl FnOnce(&mut Unit)) {
        if let Some(unit) = self.unit_mut(id) {
            change(unit);
        }
    }

    fn group_with(&mut self, name: &str, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(name) {
            change(group);
        }
    }

    fn want(&mut self, now: Ms, mut wanted: BTreeMap<String, Wanted>) {
        for (name, group) in &mut self.groups {
            if !wanted.contains_key(name) {
                group.unwant();
            }
        }
        while let Some((name, wanted)) = wanted.pop_first() {
            self.groups.entry(name).or_default().want(now, wanted);
        }
        self.is_told = true;
    }

    fn look(&mut self, now: Ms, found: Vec<Found>, joined: BTreeSet<String>, memory: Memory) {
        self.recall(now, memory);
        for (name, group) in &mut self.groups {
            if !joined.contains(name) {
                group.link = Link::Down;
            }
        }
        for name in joined {
            let link = &mut self.groups.entry(name).or_default().link;
            // One that nobody remembers is of no form that is wanted.
            if *link == Link::Down {
                *link = Link::Up(Fingerprint::new());
            }
        }
        for Found { id, fingerprint, pid } in found {
            let group = self.groups.entry(id.workload).or_default();
            // What runs does not wait for others any more.
            group.has_begun |= pid.is_some();
            group.units.entry(id.container).or_default().found(now, fingerprint, pid);
        }
        self.looked = true;
    }
}
