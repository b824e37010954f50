//! The handle that the API, reconcilers and the server have of the configuration.

use std::sync::Arc;
use std::time::Duration;

use corten_config::{Change, Document, Problem, Report};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::clock::Clock;
use super::core::When;
use super::error::{ApplyError, ConfirmError};
use super::in_force::InForce;
use super::places::Places;
use super::record::Entry;
use super::shared::Shared;
use crate::root::Root;

/// A handle of the configuration; all clones mean the same one.
///
/// Transactions run on threads of their own, since they wait for a disk, and to their end even if who asked for them
/// does not wait.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// A document was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub generation: u64,
    /// What differs from what was in force before.
    pub changes: Vec<Change>,
}

impl Engine {
    /// Reads everything below a root and puts into force what can be. It never fails: what is wrong is in the problems
    /// of what is in force, which may be maintenance.
    pub async fn open(root: Root, clock: impl Clock) -> Self {
        let open = move || Arc::new(Shared::open(Places { root }, Box::new(clock)));
        let shared = spawn_blocking(open).await.expect("reading a configuration does not panic");
        let weak = Arc::downgrade(&shared);
        let mut in_force = shared.in_force();
        tokio::spawn(async move {
            loop {
                let trial = in_force.borrow_and_update().trial;
                let Some(shared) = weak.upgrade() else { return };
                let left = trial.map(|trial| trial.ends_ms.saturating_sub(shared.now_ms()));
                if left == Some(0) {
                    let _ = spawn_blocking(move || shared.tick()).await;
                    continue;
                }
                drop(shared);
                let over = async {
                    match left {
                        Some(left) => tokio::time::sleep(Duration::from_millis(left)).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = over => {}
                    changed = in_force.changed() => if changed.is_err() { return },
                }
            }
        });
        Self { shared }
    }

    /// What is in force, and each change of it.
    pub fn in_force(&self) -> watch::Receiver<Arc<InForce>> {
        self.shared.in_force()
    }

    /// What applying a document would change, without doing it.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn check(&self, document: &Document) -> Result<Vec<Change>, Report> {
        self.shared.check(document)
    }

    /// Whether somebody could be let in with a document in the place of the operator's.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn would_trust(&self, document: &Document) -> Result<bool, Report> {
        self.shared.would_trust(document)
    }

    /// Puts a document in the place of the operator's. It is on the disk before it takes effect. While another one is
    /// on trial nothing is applied: who confirms and who goes back would not know what they get.
    ///
    /// # Errors
    /// If it is wrong or can't be kept; then nothing has changed.
    pub async fn apply(&self, document: Document, when: When, by: &str) -> Result<Applied, ApplyError> {
        let shared = self.shared.clone();
        let by = by.to_owned();
        let applied = spawn_blocking(move || shared.apply(&document, when, &by)).await;
        applied.unwrap_or(Err(ApplyError::GoingDown))
    }

    /// Makes the configuration on trial the operator's and returns its number; `generation` 0 means whichever is on
    /// trial.
    ///
    /// # Errors
    /// If none is, or another one, or it can't be kept; then the trial goes on.
    pub async fn confirm(&self, generation: u64) -> Result<u64, ConfirmError> {
        let shared = self.shared.clone();
        let confirmed = spawn_blocking(move || shared.confirm(generation)).await;
        confirmed.unwrap_or(Err(ConfirmError::GoingDown))
    }

    /// The operator's document that is in force, as it was applied, secrets removed.
    pub fn operator(&self) -> Option<Document> {
        self.shared.operator()
    }

    /// What was applied, newest first.
    pub fn history(&self) -> Vec<Entry> {
        self.shared.history()
    }

    /// Time until the trial ends; `None` where there is none.
    pub fn trial_left(&self) -> Option<Duration> {
        let trial = self.in_force().borrow().trial?;
        Some(Duration::from_millis(trial.ends_ms.saturating_sub(self.shared.now_ms())))
    }

    /// Reads again what the machine brought along.
    pub async fn platform_changed(&self) {
        let shared = self.shared.clone();
        let _ = spawn_blocking(move || shared.platform_changed()).await;
    }

    /// Says what somebody could not put into effect, in the place of what they said before.
    pub fn note(&self, who: &'static str, problems: Vec<Problem>) {
        self.shared.note(who, problems);
    }
}

#[cfg(test)]
mod tests;
