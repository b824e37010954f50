//! Refusals that go to the audit log: the first of a caller and method in a minute, so that nobody who may do nothing can
//! push out what others did.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time in which refusals of one caller and method are one entry.
const WITHIN: Duration = Duration::from_mins(1);
/// Callers and methods that are remembered; what is one too many is not written down.
const MAX_KNOWN: usize = 256;

/// What was refused lately. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<Mutex<BTreeMap<(String, String), Lately>>>);

#[derive(Debug)]
struct Lately {
    since: Instant,
    more: u64,
}

impl Refusals {
    /// Whether this one is to be written down; if so, how many more there were since the one before it.
    pub fn count(&self, who: &str, method: &str, now: Instant) -> Option<u64> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (who.to_owned(), method.to_owned());
        if let Some(lately) = known.get_mut(&key) {
            if now.saturating_duration_since(lately.since) < WITHIN {
                lately.more += 1;
                return None;
            }
            let more = lately.more;
            *lately = Lately { since: now, more: 0 };
            return Some(more);
        }
        if known.len() >= MAX_KNOWN {
            known.retain(|_, lately| now.saturating_duration_since(lately.since) < WITHIN);
        }
        if known.len() >= MAX_KNOWN {
            return None;
        }
        known.insert(key, Lately { since: now, more: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_minute_is_written_down_and_the_others_are_counted() {
        let refusals = Refusals::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(refusals.count("ann", "m", at(0)), Some(0));
        assert_eq!(refusals.count("ann", "m", at(1)), None);
        assert_eq!(refusals.count("ann", "m", at(59)), None);
        assert_eq!(refusals.count("ben", "m", at(59)), Some(0));
        assert_eq!(refusals.count("ann", "m", at(60)), Some(2));
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let refusals = Refusals::default();
        let start = Instant::now();
        for number in 0..MAX_KNOWN {
            assert!(refusals.count(&number.to_string(), "m", start).is_some());
        }
        assert_eq!(refusals.count("one more", "m", start), None);
        assert_eq!(refusals.count("one more", "m", start + WITHIN), Some(0));
    }
}
