//! What is to be done so that the node runs what its configuration says: the core of the daemon, without clock,
//! containerd or network.
//!
//! ```text
//!            Event (what came of it, what people want, what the configuration says)
//!              v
//!   hear() -> Fleet -> plan(now) -> Actions -> carried out beside one another, each answered by an Event
//! ```
//!
//! [`Fleet::plan`] looks at what is, not at what happened: the same state gives the same actions however it came about,
//! so a lost event costs a look and no more. What is under way is part of the state, and nothing is asked for twice.

mod action;
mod event;
mod group;
mod id;
mod memory;
mod plan;
mod status;
mod unit;

use std::collections::BTreeMap;

use corten_config::settings::Workload;

pub use action::Action;
pub use event::{Event, Exited, Found, Rest};
pub use group::{Group, Link};
pub use id::Id;
pub use memory::Memory;
pub use status::{ContainerState, WorkloadState};
pub use unit::{Ready, Run, Unit};

/// Milliseconds of a clock that goes on steadily.
pub type Ms = u64;

/// What tells one form of a container from another: containers of the same one need no restart.
pub type Fingerprint = String;

/// A workload that is wanted, with what tells it from an earlier form of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is to be.
    pub workload: Workload,
    /// Of all of it.
    pub form: Fingerprint,
    /// Of what its containers share: network, ports, names.
    pub shared: Fingerprint,
    /// Of each container, by name.
    pub containers: BTreeMap<String, Fingerprint>,
}

/// All workloads.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    groups: BTreeMap<String, Group>,
    /// The node goes down: everything stops and nothing starts.
    ends: bool,
    /// Nothing is decided before it is known what runs already, and what is to run.
    looked: bool,
    is_told: bool,
}

impl Fleet {
    /// The workloads, also those that are on their way out.
    pub fn groups(&self) -> impl Iterator<Item = (&String, &Group)> {
        self.groups.iter()
    }

    /// A workload by its name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// A container.
    pub fn unit(&self, id: &Id) -> Option<&Unit> {
        self.groups.get(&id.workload)?.units.get(&id.container)
    }

    /// Whether the node goes down and no container is there any more.
    pub fn has_ended(&self) -> bool {
        self.ends && self.groups.values().all(Group::has_no_process)
    }

    /// Whether it is known what is wanted.
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    fn unit_mut(&mut self, id: &Id) -> Option<&mut Unit> {
        self.groups.get_mut(&id.workload)?.units.get_mut(&id.container)
    }
}

#[cfg(test)]
mod tests;
