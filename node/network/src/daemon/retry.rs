//! How often a step is tried. A step that fails, or that the kernel undoes as often as it is done, would be in every
//! plan: it has to wait, longer each time.

use std::collections::BTreeMap;

/// Milliseconds of the first wait; it doubles each time.
const FIRST: u64 = 1_000;
/// Milliseconds of a wait at most.
const LONGEST: u64 = 60_000;
/// Times that a step may succeed in short order before it has to wait: links come and go in bunches.
const FREE: u32 = 5;
/// Milliseconds after which a step that succeeded counts as new.
const CALM: u64 = 10_000;

/// Steps that were taken of late.
#[derive(Debug, Default)]
pub(super) struct Retries {
    steps: BTreeMap<String, Step>,
}

#[derive(Debug, Default)]
struct Step {
    /// Failures in a row, or successes in short order.
    times: u32,
    last_ms: u64,
    is_failing: bool,
    /// When it may be tried again, if it has to wait.
    again_ms: Option<u64>,
    /// Whether it is in the plan, so that its time matters.
    is_planned: bool,
}

impl Retries {
    /// Begins a plan of these steps.
    pub(super) fn begin(&mut self, plan: &[String], now_ms: u64) {
        for (step, entry) in &mut self.steps {
            entry.is_planned = plan.contains(step);
        }
        // What failed and is not wanted any longer is a new thing when it comes back, as is what succeeded long ago.
        self.steps
            .retain(|_, entry| entry.is_planned || (!entry.is_failing && entry.last_ms + CALM > now_ms));
    }

    /// Whether a step of the plan may be tried now.
    pub(super) fn may_try(&self, step: &str, now_ms: u64) -> bool {
        self.steps.get(step).and_then(|step| step.again_ms).is_none_or(|again| again <= now_ms)
    }

    pub(super) fn succeeded(&mut self, step: &str, now_ms: u64) {
        let entry = self.steps.entry(step.to_owned()).or_default();
        let is_new = entry.is_failing || entry.last_ms + CALM <= now_ms;
        let times = if is_new { 1 } else { entry.times + 1 };
        let again_ms = times.checked_sub(FREE).map(|more| now_ms + wait(more));
        *entry = Step { times, last_ms: now_ms, is_failing: false, again_ms, is_planned: false };
    }

    pub(super) fn failed(&mut self, step: &str, now_ms: u64) {
        let entry = self.steps.entry(step.to_owned()).or_default();
        let times = if entry.is_failing { entry.times + 1 } else { 0 };
        let again_ms = Some(now_ms + wait(times));
        *entry = Step { times, last_ms: now_ms, is_failing: true, again_ms, is_planned: true };
    }

    /// A new order is a new beginning.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
    }

    /// When a step of the plan that had to wait is to be tried again.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.steps.values().filter(|step| step.is_planned).filter_map(|step| step.again_ms).min()
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
        let plan = ["step".to_owned()];
        let mut now = 1_000_000;
        let mut waits = Vec::new();
        for _ in 0..8 {
            retries.begin(&plan, now);
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
    fn a_step_that_is_no_longer_planned_wakes_nobody() {
        let mut retries = Retries::default();
        retries.failed("step", 5);
        assert!(retries.deadline().is_some());
        retries.begin(&[], 5_000);
        assert_eq!(retries.deadline(), None);
        assert!(retries.may_try("step", 5_000));
    }

    #[test]
    fn a_step_that_is_undone_again_and_again_is_held_back_and_comes_again() {
        let mut retries = Retries::default();
        let plan = ["step".to_owned()];
        let mut tries = 0;
        for now in 20_000..21_000 {
            retries.begin(&plan, now);
            if retries.may_try("step", now) {
                tries += 1;
                retries.succeeded("step", now);
            }
        }
        assert_eq!(tries, FREE);
        let next = retries.deadline().expect("it is in the plan");
        assert!(next > 21_000 && next < 22_000, "{next}");
        // After some calm it is as good as new.
        retries.begin(&plan, 40_000);
        retries.succeeded("step", 40_000);
        retries.begin(&plan, 40_001);
        assert!(retries.may_try("step", 40_001));
    }
}
