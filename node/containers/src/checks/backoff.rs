//! How long a container that ended waits for its next start. Pure.
//!
//! The first waits are short, since what fails at a start is mostly something that is there a moment later, and 100 ms
//! go unnoticed; Docker begins with the same. The longest is a minute, as Docker's, and as the kubelet's became optional
//! (KEP-4603) because five minutes made people delete pods by hand: nobody does that here. A start costs some 50 ms of a
//! processor, so that even a hundred broken containers take a tenth of one.

const FIRST_MS: u64 = 100;
const LONGEST_MS: u64 = 60_000;
/// A run this long was all right: twice the longest wait, as the kubelet has it, so that a container that always fails
/// after a while does not begin anew each time. Docker's 10 s are less than many programs take to fail.
const GOOD_MS: u64 = 2 * LONGEST_MS;

/// Past starts of one container, as far as they matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackOff {
    started_ms: Option<u64>,
    last_wait_ms: u64,
}

impl BackOff {
    /// It was started. Times are milliseconds of a clock that nobody sets.
    pub fn started(&mut self, now_ms: u64) {
        self.started_ms = Some(now_ms);
    }

    /// It ended, or could not be started: milliseconds to wait before the next start.
    pub fn ended(&mut self, now_ms: u64) -> u64 {
        let ran = self.started_ms.take().map_or(0, |start| now_ms.saturating_sub(start));
        self.last_wait_ms = match self.last_wait_ms {
            0 => FIRST_MS,
            _ if ran >= GOOD_MS => FIRST_MS,
            last => last.saturating_mul(2).min(LONGEST_MS),
        };
        self.last_wait_ms
    }

    /// Whether its last run has been long enough for the next wait to be the first one again.
    pub fn is_good(&self, now_ms: u64) -> bool {
        self.started_ms.is_some_and(|start| now_ms.saturating_sub(start) >= GOOD_MS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_over_after_a_good_run() {
        let mut backoff = BackOff::default();
        let mut now = 0;
        let waits: Vec<u64> = (0..12)
            .map(|_| {
                backoff.started(now);
                now += 10;
                backoff.ended(now)
            })
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
        backoff.started(now);
        assert!(!backoff.is_good(now + GOOD_MS - 1) && backoff.is_good(now + GOOD_MS));
        assert_eq!(backoff.ended(now + GOOD_MS), FIRST_MS);
    }

    #[test]
    fn a_start_that_fails_waits_as_well() {
        let mut backoff = BackOff::default();
        assert_eq!([backoff.ended(0), backoff.ended(0), backoff.ended(0)], [100, 200, 400]);
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_shrink_only_after_a_good_run(runs in prop::collection::vec((any::<bool>(), 0_u64..300_000), 1..40)) {
            let (mut backoff, mut now, mut last) = (BackOff::default(), 0, 0);
            for (starts, ran) in runs {
                if starts {
                    backoff.started(now);
                    now += ran;
                }
                let wait = backoff.ended(now);
                prop_assert!((FIRST_MS..=LONGEST_MS).contains(&wait));
                prop_assert!(wait >= last || (starts && ran >= GOOD_MS));
                now += wait;
                last = wait;
            }
        }
    }
}
