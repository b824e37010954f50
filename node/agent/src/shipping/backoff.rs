//! How long to wait before a target is tried again. Pure.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// At most: a target that is back is found within this time.
const LONGEST: Duration = Duration::from_mins(1);
/// A connection that held so long was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// Counts failures.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// How long to wait after a connection that held for so long; zero for one that was none. Doubles each time, and
    /// begins anew after a good one: a target that takes connections and closes them is not tried every second.
    pub fn after(&mut self, held: Duration) -> Duration {
        if held >= GOOD {
            self.next = FIRST;
        }
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

#[test]
fn the_time_doubles_up_to_a_minute_and_begins_anew() {
    let mut backoff = Backoff::default();
    let waits: Vec<u64> = (0..8).map(|_| backoff.after(Duration::ZERO).as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(backoff.after(GOOD), FIRST);
    assert_eq!(backoff.after(Duration::from_secs(1)), FIRST * 2);
}
