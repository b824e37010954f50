//! Whether the running version is healthy, and what follows from it.
//!
//! ```text
//! stage 1   counts the start, before anything of the root is read ──> third failure in a row: the other version
//! ready     the count is 0 again; 10 s later a version on trial is committed
//! not ready restart, if that leads to another version; an orderly stop takes the start back
//! no state  restart, if this version is on trial; a committed one waits for a person
//! later     a scrub reads every block of both slots
//! ```
//!
//! The loader counts the starts of a version on trial, in the name of its boot image; here all starts are counted, in
//! the record of [`corten_update::start`]. PID 1 decides when something is due ([`schedule`]); what touches the disk
//! is done by a child of it ([`child`]), so a disk that hangs does not hang PID 1. The EFI system partition is never
//! mounted. Without a loader, as when a kernel is started directly, there is nobody to tell which version to start:
//! nothing is counted and nothing committed.

mod begin;
pub(crate) mod child;
mod record;
pub(crate) mod schedule;
mod scrub;
mod versions;

use corten_formats::verity::RootHash;

pub(crate) use begin::begin;
use schedule::Known;
use schedule::Loader;
pub(crate) use schedule::{End, Schedule, Steadiness, Task, Verdict};

use crate::handover::Root;
use crate::log::{Level, Log};
use crate::node::Image;
use crate::role::PROGRAM;

/// Opens the EFI system partition of that name for changes.
pub(crate) fn open_esp(
    name: &str,
) -> Result<corten_update::esp::Esp<corten_formats::device::FileDevice>, String> {
    versions::open(name).map_err(|error| error.to_string())
}

/// Why a stop happens, as far as the count goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody wants it: a start that had no time to become healthy does not count.
    Wanted,
    /// The version did not become ready.
    Unhealthy,
}

/// The health of a running node.
#[derive(Debug)]
pub(crate) struct Health {
    root: Root,
    esp: Option<String>,
    root_hash: RootHash,
    pub(crate) schedule: Schedule,
    stop: Stop,
}

impl Health {
    /// Of the version that runs from there; `esp` is the partition that the loader started from.
    pub(crate) fn new(root: Root, esp: Option<String>, image: &Image) -> Self {
        let scrub_ms = u64::from(image.scrub_delay) * 1000;
        let loader = if esp.is_some() { Loader::There } else { Loader::None };
        let schedule = Schedule::new(loader, scrub_ms);
        Self { root, esp, root_hash: image.root_hash, schedule, stop: Stop::Unhealthy }
    }

    /// The command of a task.
    pub(crate) fn command(&self, task: Task) -> Vec<String> {
        let root = self.root.clone();
        let esp = self.esp.clone().unwrap_or_default();
        let words = match task {
            Task::Healthy => vec!["healthy".into(), root.disk],
            Task::Commit => vec!["commit".into(), esp],
            Task::OtherVersion => vec!["other-version".into(), root.disk, esp],
            Task::OnTrial => vec!["on-trial".into(), root.disk, esp],
            Task::ScrubRunning => vec!["scrub".into(), root.disk, esp, root.slot],
            Task::ScrubOther => vec!["scrub-other".into(), root.disk, esp, root.slot],
        };
        [PROGRAM.to_string(), "health".into()].into_iter().chain(words).collect()
    }

    /// The node is ready.
    pub(crate) fn ready(&mut self, now_ms: u64, log: &Log) {
        if self.esp.is_none() {
            log.write(
                Level::Info,
                "no loader started this system: no version to commit, no other one to go to",
            );
        }
        self.schedule.ready(now_ms);
    }

    /// The node stops.
    pub(crate) fn stopping(&mut self, why: Stop) {
        self.stop = why;
        self.schedule.close();
    }

    /// The node has stopped: the last thing that PID 1 does before the machine goes down, so no child is needed. A
    /// version that was ready is healthy, if it stopped before a child could write so. A start that somebody ended
    /// before that is taken back.
    pub(crate) fn stopped(&self, log: &Log) {
        if self.esp.is_none() {
            return;
        }
        let done = match (self.schedule.health(), self.stop) {
            (Known::Healthy, _) | (Known::Nothing, Stop::Unhealthy) => return,
            (Known::Ready, _) => record::healthy(&self.root.disk, &self.root_hash),
            (Known::Nothing, Stop::Wanted) => record::taken_back(&self.root.disk, &self.root_hash),
        };
        if let Err(error) = done {
            log.write(Level::Warning, format_args!("record of starts: {error}"));
        }
    }
}
