//! Whether the running version is healthy, and what follows from it.
//!
//! ```text
//! stage 1   counts the start, before anything of the root is read ──> third failure in a row: the other version
//! ready     the count is 0 again; 10 s later a version on trial is committed
//! not ready restart, if that leads to another version; an orderly stop takes the start back
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
mod result;
pub(crate) mod schedule;
mod scrub;
mod versions;

use corten_formats::verity::RootHash;

pub(crate) use begin::begin;
pub(crate) use result::Slot;
use schedule::Loader;
pub(crate) use schedule::{End, Schedule, Steadiness, Task, Verdict};

use crate::handover::Root;
use crate::log::{Level, Log};
use crate::node::Image;

/// This program, for its children.
const PROGRAM: &str = "/usr/lib/corten/init";

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
    root: Option<Root>,
    esp: Option<String>,
    root_hash: Option<RootHash>,
    pub(crate) schedule: Schedule,
    stop: Stop,
}

impl Health {
    /// Of the version that runs from there; `esp` is the partition that the loader started from.
    pub(crate) fn new(root: Option<Root>, esp: Option<String>, image: &Image) -> Self {
        let scrub_ms = u64::from(image.scrub_delay) * 1000;
        let loader = if root.is_some() && esp.is_some() { Loader::There } else { Loader::None };
        let schedule = Schedule::new(loader, root.is_some().then_some(scrub_ms));
        Self { root, esp, root_hash: image.root_hash.parse().ok(), schedule, stop: Stop::Unhealthy }
    }

    /// The command of a task.
    pub(crate) fn command(&self, task: Task) -> Vec<String> {
        let root = self.root.clone().unwrap_or_default();
        let esp = self.esp.clone().unwrap_or_default();
        let words = match task {
            Task::Healthy => vec!["healthy".into(), root.disk],
            Task::Commit => vec!["commit".into(), esp],
            Task::OtherVersion => vec!["other-version".into(), root.disk, esp],
            Task::ScrubRunning => vec!["scrub".into(), root.disk, esp, root.slot],
            Task::ScrubOther => vec!["scrub".into(), root.disk, esp],
        };
        [PROGRAM.to_string()].into_iter().chain(words).collect()
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

    /// The node has stopped. A start that somebody ended before it became healthy is taken back; the last thing that
    /// PID 1 does before the machine goes down, so no child is needed.
    pub(crate) fn stopped(&self, log: &Log) {
        let unfinished = !self.schedule.was_ready() && self.stop == Stop::Wanted && self.esp.is_some();
        let (true, Some(root), Some(root_hash)) = (unfinished, &self.root, &self.root_hash) else { return };
        if let Err(error) = record::taken_back(&root.disk, root_hash) {
            log.write(Level::Warning, format_args!("record of starts: {error}"));
        }
    }
}
