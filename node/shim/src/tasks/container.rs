//! A container with its processes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cgroup::Cgroup;
use crate::process::Process;
use crate::runtime::Runtime;
use crate::wire::{Code, Fault};

/// A container.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) bundle: PathBuf,
    pub(super) runtime: Runtime,
    pub(super) cgroup: Option<Cgroup>,
    pub(super) first: Process,
    pub(super) others: BTreeMap<String, Other>,
}

/// A process beside the first one.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) process: Process,
    /// As the runtime specification has it, JSON.
    pub(super) specification: Vec<u8>,
}

impl Container {
    /// The first process, or the one beside it with this name.
    pub(super) fn process(&mut self, exec: &str) -> Result<&mut Process, Fault> {
        if exec.is_empty() {
            return Ok(&mut self.first);
        }
        let other = self.others.get_mut(exec).map(|other| &mut other.process);
        other.ok_or_else(|| Fault::new(Code::NotFound, format!("process {exec} does not exist")))
    }

    /// All of its processes.
    pub(super) fn all(&self) -> impl Iterator<Item = &Process> {
        std::iter::once(&self.first).chain(self.others.values().map(|other| &other.process))
    }

    /// What its root is mounted on.
    pub(super) fn root(&self) -> PathBuf {
        self.bundle.join("rootfs")
    }

    /// Where the runtime writes down the number of a process.
    pub(super) fn pid_file(&self, exec: &str) -> PathBuf {
        self.bundle.join(if exec.is_empty() { "init.pid".to_owned() } else { format!("{exec}.pid") })
    }

    /// Where the runtime reads what a process beside the first one is.
    pub(super) fn process_file(&self, exec: &str) -> PathBuf {
        self.bundle.join(format!("{exec}-process.json"))
    }
}
