//! When a check counts as healthy: after one success, until it has failed so often in a row. Pure.

use corten_api::v1::Verdict;

/// What is known of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether it is well.
    pub verdict: Verdict,
    /// Failures in a row.
    pub failures: u32,
    /// What was found last; empty before the first answer.
    pub found: String,
    /// When that was, nanoseconds since 1970; 0 before the first answer.
    pub at_ns: i64,
}

impl Default for State {
    /// Nothing is known yet.
    fn default() -> Self {
        Self { verdict: Verdict::Pending, failures: 0, found: String::new(), at_ns: 0 }
    }
}

impl State {
    /// The state after one more check: what it found, or why it failed. `limit` failures in a row make it unhealthy,
    /// one at least; fewer leave the verdict as it was.
    #[must_use]
    pub fn after(&self, result: Result<String, String>, limit: u32, at_ns: i64) -> Self {
        match result {
            Ok(found) => Self { verdict: Verdict::Healthy, failures: 0, found, at_ns },
            Err(why) => {
                let failures = self.failures.saturating_add(1);
                let verdict = if failures >= limit { Verdict::Unhealthy } else { self.verdict };
                Self { verdict, failures, found: format!("{why} ({failures} in a row)"), at_ns }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(results: &[bool], limit: u32) -> State {
        results.iter().fold(State::default(), |state, good| {
            let result = if *good { Ok("200".into()) } else { Err("refused".into()) };
            state.after(result, limit, 5)
        })
    }

    #[test]
    fn the_verdict_changes_after_so_many_failures_in_a_row() {
        assert_eq!(run(&[], 2).verdict, Verdict::Pending);
        assert_eq!(run(&[false], 2).verdict, Verdict::Pending);
        assert_eq!(run(&[true, false], 2).verdict, Verdict::Healthy);
        assert_eq!(run(&[true, false, true, false], 2).verdict, Verdict::Healthy);
        let failed = run(&[true, false, false], 2);
        assert_eq!((failed.verdict, failed.found.as_str()), (Verdict::Unhealthy, "refused (2 in a row)"));
        assert_eq!(run(&[false, false, true], 2).verdict, Verdict::Healthy);
        assert_eq!(run(&[false], 0).verdict, Verdict::Unhealthy);
    }

    proptest! {
        #[test]
        fn the_verdict_follows_from_the_last_results(
            results in prop::collection::vec(any::<bool>(), 0..30),
            limit in 1_u32..6,
        ) {
            let state = run(&results, limit);
            let failures = results.iter().rev().take_while(|good| !**good).count() as u32;
            prop_assert_eq!(state.failures, failures);
            if failures == 0 && !results.is_empty() {
                prop_assert_eq!(state.verdict, Verdict::Healthy);
            }
            if failures >= limit {
                prop_assert_eq!(state.verdict, Verdict::Unhealthy);
            }
        }
    }
}
