//! Keeps a task for each configured target.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use corten_api::v1;
use corten_config::settings::LogTarget;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Origin;
use super::sources::Sources;
use super::target::{Task, Terms};
use crate::logs::Journal;
use crate::root::Root;

/// How it stands with a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether it is connected.
    pub connected: bool,
    /// Lines that were sent.
    pub sent: u64,
    /// Lines that it was too slow for.
    pub lost: u64,
    /// Why it is not connected; empty where it is, or was not tried yet.
    pub problem: String,
}

/// The configured targets. Dropping it ends their connections.
#[derive(Debug)]
pub struct Shipping {
    journals: [Journal; 2],
    root: Root,
    running: Mutex<BTreeMap<String, Running>>,
}

#[derive(Debug)]
struct Running {
    target: LogTarget,
    terms: watch::Sender<Terms>,
    status: Arc<Mutex<Status>>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shipping {
    /// Without targets. What is sent is in these journals; the bundle of authorities of the image is read from the root.
    pub fn new(journals: [Journal; 2], root: Root) -> Self {
        Self { journals, root, running: Mutex::default() }
    }

    /// Makes the targets those of a configuration. A new one gets what the journal still has. Has to be called within
    /// a runtime.
    pub fn configure(&self, targets: &BTreeMap<String, LogTarget>, authorities: &[String], origin: &Origin) {
        let terms = Terms { authorities: authorities.to_vec(), origin: origin.clone() };
        let mut running = lock(&self.running);
        running.retain(|name, known| targets.get(name) == Some(&known.target));
        for known in running.values() {
            known.terms.send_if_modified(|current| {
                let differs = *current != terms;
                current.clone_from(&terms);
                differs
            });
        }
        for (name, target) in targets {
            if !running.contains_key(name) {
                running.insert(name.clone(), self.start(target.clone(), terms.clone()));
            }
        }
    }

    /// How it stands with each target.
    pub fn status(&self) -> BTreeMap<String, Status> {
        lock(&self.running).iter().map(|(name, known)| (name.clone(), lock(&known.status).clone())).collect()
    }

    fn start(&self, target: LogTarget, terms: Terms) -> Running {
        let status = Arc::new(Mutex::new(Status::default()));
        let terms = watch::Sender::new(terms);
        let request = v1::ReadLogsRequest { follow: true, ..v1::ReadLogsRequest::default() };
        let task = Task {
            root: self.root.clone(),
            target: target.clone(),
            lines: Sources::new(self.journals.each_ref().map(|journal| journal.read(&request))),
            terms: terms.subscribe(),
            status: Arc::clone(&status),
        };
        Running { target, terms, status, task: tokio::spawn(task.run()) }
    }
}

/// Nothing panics while one is held, so a poisoned lock is a sound one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
