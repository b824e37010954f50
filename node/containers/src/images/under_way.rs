//! Layers that are on their way: each comes once at a time, whoever asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Archives of layers that are fetched now, by their digests.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<BTreeMap<String, Lock>>);

/// Archives that nobody else fetches for as long as this is there.
pub(super) type Held = Vec<OwnedMutexGuard<()>>;

impl UnderWay {
    fn locks(&self) -> MutexGuard<'_, BTreeMap<String, Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else fetches any of these. Everybody takes them in the same order, so no two wait for each other.
    pub(super) async fn hold(&self, digests: &BTreeSet<&String>) -> Held {
        let mut held = Vec::new();
        for digest in digests {
            let lock = Arc::clone(self.locks().entry((*digest).clone()).or_default());
            held.push(lock.lock_owned().await);
        }
        self.locks().retain(|_, lock| Arc::strong_count(lock) > 1);
        held
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_layer_is_waited_for_and_others_are_not() {
        let under_way = UnderWay::default();
        let [a, b, c] = ["a", "b", "c"].map(str::to_owned);
        let first = under_way.hold(&[&a, &b].into()).await;
        let other = under_way.hold(&[&c].into()).await;
        let waits = tokio::time::timeout(Duration::from_millis(10), under_way.hold(&[&b, &c].into())).await;
        assert!(waits.is_err());
        drop((first, other));
        drop(under_way.hold(&[&b].into()).await);
        drop(under_way.hold(&BTreeSet::new()).await);
        assert!(under_way.locks().is_empty());
    }
}
