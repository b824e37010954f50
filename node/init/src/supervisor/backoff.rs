//! How long a service that ended waits for its next start: longer each time, from the beginning again after it
//! ran well for a while.

const FIRST_MS: u64 = 200;
/// A broken service is tried twice a minute: often enough to recover soon, seldom enough to leave the log readable.
const LONGEST_MS: u64 = 30_000;
/// A service that ran this long was all right.
const GOOD_MS: u64 = 60_000;

/// Past starts of one service, as far as they matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BackOff {
    started_ms: Option<u64>,
    last_wait_ms: u64,
}

impl BackOff {
    pub(super) fn started(&mut self, now_ms: u64) {
        self.started_ms = Some(now_ms);
    }

    /// The wait before the next start.
    pub(super) fn ended(&mut self, now_ms: u64) -> u64 {
        let ran = self.started_ms.take().map_or(0, |start| now_ms.saturating_sub(start));
        self.last_wait_ms = match self.last_wait_ms {
            0 => FIRST_MS,
            _ if ran >= GOOD_MS => FIRST_MS,
            last => (last * 2).min(LONGEST_MS),
        };
        self.last_wait_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_over_after_a_good_run() {
        let mut backoff = BackOff::default();
        let mut now = 0;
        let waits: Vec<u64> = (0..10)
            .map(|_| {
                backoff.started(now);
                now += 10;
                backoff.ended(now)
            })
            .collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
        backoff.started(now);
        assert_eq!(backoff.ended(now + GOOD_MS), FIRST_MS);
    }
}
