//! Calls: how many there were, and those that have not ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use corten_api::methods::method_role;
use tokio::sync::watch;
use tonic::Code;

/// How many calls there were, by method and by the code of the answer. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<(String, String), u64>>>);

impl Counts {
    /// All of them.
    pub fn all(&self) -> BTreeMap<(String, String), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self, path: &str, code: Code) {
        // What is no method is counted under one name: callers must not make names.
        let method = path.trim_start_matches('/');
        let method = if method_role(method).is_some() { method } else { "other" };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((method.into(), format!("{code:?}").to_lowercase())).or_default() += 1;
    }
}

/// Changing calls that have not ended: the agent does not end before they have. Clones count together.
#[derive(Clone, Debug)]
pub struct UnderWay {
    count: watch::Sender<usize>,
    ending: watch::Sender<bool>,
}

impl Default for UnderWay {
    fn default() -> Self {
        Self { count: watch::Sender::new(0), ending: watch::Sender::new(false) }
    }
}

impl UnderWay {
    pub(super) fn begin(&self) -> Busy {
        self.count.send_modify(|count| *count += 1);
        Busy(self.count.clone())
    }

    /// Waits until there are none. Those that go on for as long as their caller wants are told that it is over.
    pub async fn ended(&self) {
        self.ending.send_replace(true);
        // The sender is here, so this ends when the count is 0 and not before.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Waits until it is over.
    pub(super) async fn ending(&self) {
        // The same.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }
}

/// A call that counts until this is dropped.
pub(super) struct Busy(watch::Sender<usize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
