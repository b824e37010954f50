//! How often something is tried, and how long is waited in between. Pure.

use std::time::Duration;

/// How often and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The first pause; each further one is twice as long.
    pub first: Duration,
    /// The longest pause, and the longest that a server can ask for.
    pub longest: Duration,
    /// Pauses in a row in which nothing got better.
    pub in_a_row: u32,
    /// Pauses in all, however much got better: a server that gives a byte at a time is given up.
    pub in_all: u32,
}

impl Default for Patience {
    fn default() -> Self {
        // 0.5 + 1 + 2 + 4 + 8 s: a registry that restarts is back by then. Who asked for the image tries it again later.
        let (first, longest) = (Duration::from_millis(500), Duration::from_mins(1));
        Self { first, longest, in_a_row: 5, in_all: 50 }
    }
}

impl Patience {
    /// For a place that others can stand in for.
    #[must_use]
    pub fn short(self) -> Self {
        Self { in_a_row: self.in_a_row.min(1), ..self }
    }
}

/// Counts tries.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    patience: Patience,
    in_a_row: u32,
    in_all: u32,
}

impl Tries {
    /// None yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, in_a_row: 0, in_all: 0 }
    }

    /// The last try got further than the one before.
    pub fn got_further(&mut self) {
        self.in_a_row = 0;
    }

    /// How long to wait before the next try; `None` when it was tried often enough.
    pub fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        if self.in_a_row >= self.patience.in_a_row || self.in_all >= self.patience.in_all {
            return None;
        }
        let own = self.patience.first.saturating_mul(2u32.saturating_pow(self.in_a_row));
        self.in_a_row += 1;
        self.in_all += 1;
        Some(own.max(asked.unwrap_or_default()).min(self.patience.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let mut tries = Tries::new(Patience::default());
        let pauses: Vec<u128> =
            std::iter::from_fn(|| tries.pause(None)).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000]);
    }

    #[test]
    fn progress_begins_anew_but_not_for_ever() {
        let mut tries = Tries::new(Patience::default());
        let pauses = std::iter::from_fn(|| {
            tries.got_further();
            tries.pause(None)
        });
        assert_eq!(pauses.count(), 50);
    }

    #[test]
    fn a_server_can_ask_for_time_within_limits() {
        let mut tries = Tries::new(Patience::default());
        assert_eq!(tries.pause(Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(tries.pause(Some(Duration::from_hours(7))), Some(Duration::from_mins(1)));
        assert_eq!(Tries::new(Patience::default().short()).patience.in_a_row, 1);
    }
}
