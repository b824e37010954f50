//! How often a step is tried. A step that fails, or that the kernel undoes as often as it is done, would be in every
//! plan: it has to wait, longer each time.

use std::collections::BTreeMap;

/// Milliseconds of the first wait; it doubles each time.
const FIRST: u64 = 1_000;
/// Milliseconds of a wait at most.
const LONGEST: u64 = 60_000;
/// Times that a step may succeed in short order before it has to wait: links come and go in bunches.
const FREE: u32 = 5;
/// Milliseconds after which a step counts as new.
const FORGOTTEN: u64 = 120_000;

/// Steps that were taken of late.
#[derive(Debug, Default)]
pub(super) struct Retries {
    steps: BTreeMap<String, Step>,
}

#[derive(Debug, Default)]
struct Step {
    times: u32,
    last_ms: u64,
    /// When it may be tried again, if it has to be.
    again_ms: Option<u64>,
    is_failing: bool,
}

impl Retries {
    /// Whether a step may be tried now.
    pub(super) fn may_try(&mut self, step: &str, now_ms: u64) -> bool {
        self.steps.retain(|_, step| step.last_ms + FORGOTTEN > now_ms);
        self.steps.get(step).and_then(|step| step.again_ms).is_none_or(|again| again <= now_ms)
    }

    pub(super) fn succeeded(&mut self, step: &str, now_ms: u64) {
        let entry = self.steps.entry(step.to_owned()).or_default();
        entry.times = if entry.is_failing { 0 } else { entry.times + 1 };
        entry.is_failing = false;
        entry.last_ms = now_ms;
        entry.again_ms = entry.times.checked_sub(FREE).map(|more| now_ms + wait(more));
    }

    pub(super) fn failed(&mut self, step: &str, now_ms: u64) {
        let entry = self.steps.entry(step.to_owned()).or_default();
        entry.times = if entry.is_failing { entry.times + 1 } else { 0 };
        entry.is_failing = true;
        entry.last_ms = now_ms;
        entry.again_ms = Some(now_ms + wait(entry.times));
    }

    /// A new order is a new beginning.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
    }

    /// When a failed step is to be tried again. Those that only succeed too often come again with what undoes them.
    pub(super) fn deadline(&self) -> Option<u64> {
        let failing = self.steps.values().filter(|step| step.is_failing);
        failing.filter_map(|step| step.again_ms).min()
    }
}

fn wait(times: u32) -> u64 {
    (FIRST << times.min(10)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_waits_longer_each_time() {
        let mut retries = Retries::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..8 {
            assert!(retries.may_try("step", now));
            retries.failed("step", now);
            let next = retries.deadline().expect("it is to be tried again");
            assert!(!retries.may_try("step", next - 1));
            waits.push((next - now) / 1000);
            now = next;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        retries.succeeded("step", now);
        assert_eq!(retries.deadline(), None);
        assert!(retries.may_try("step", now));
    }

    #[test]
    fn a_step_that_is_undone_again_and_again_is_held_back() {
        let mut retries = Retries::default();
        let tries = (0..1000).filter(|now| {
            let may = retries.may_try("step", *now);
            if may {
                retries.succeeded("step", *now);
            }
            may
        });
        assert_eq!(tries.count(), FREE as usize);
    }
}
