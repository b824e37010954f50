//! When what is due, as a state machine without clock and disk: one task at a time.

use std::collections::BTreeMap;

/// How long a node has to stay ready before its version is committed.
const STEADY_MS: u64 = 10_000;
/// Time between scrubs: one day.
const SCRUB_AGAIN_MS: u64 = 24 * 3600 * 1000;
/// What could not be written to the disk is tried again after this time,
const AGAIN_MS: u64 = 60_000;
/// and that many times in all.
const TRIES: u8 = 5;

/// Something that a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// Sets the count of unhealthy starts to 0.
    Healthy,
    /// Commits the running version, if it is on trial.
    Commit,
    /// Finds out whether a restart leads to another version.
    OtherVersion,
    /// Finds out whether this version is on trial and a restart leads to another one in the end.
    OnTrial,
    /// Reads the running slot.
    ScrubRunning,
    /// Reads the other slot.
    ScrubOther,
}

/// Whether starts are counted and versions committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loader {
    /// A loader started this system.
    There,
    /// None did.
    None,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was done, or the answer is yes.
    Done,
    /// It could not be done, or the answer is no.
    Failed,
}

/// Whether all services are ready at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steadiness {
    /// They are.
    Steady,
    /// One is not.
    Unsteady,
}

/// What the node is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    GoOn,
    /// Restart, so that another version gets its turn.
    Restart,
}

/// What is known of the health of this start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It was not ready yet.
    Nothing,
    /// It was ready, and the record of starts may not say so yet.
    Ready,
    /// The record says so.
    Healthy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Closed,
}

/// What is due when.
#[derive(Debug)]
pub(crate) struct Schedule {
    loader: Loader,
    /// Time from ready to the first scrub.
    scrub_ms: u64,
    phase: Phase,
    health: Known,
    due: BTreeMap<Task, u64>,
    tries: BTreeMap<Task, u8>,
    running: Option<Task>,
}

impl Schedule {
    pub(crate) fn new(loader: Loader, scrub_ms: u64) -> Self {
        Self {
            loader,
            scrub_ms,
            phase: Phase::Starting,
            health: Known::Nothing,
            due: BTreeMap::new(),
            tries: BTreeMap::new(),
            running: None,
        }
    }

    /// The node became ready.
    pub(crate) fn ready(&mut self, now: u64) {
        if self.phase != Phase::Starting {
            return;
        }
        self.phase = Phase::Ready;
        self.health = Known::Ready;
        self.due.clear();
        if self.loader == Loader::There {
            self.due.insert(Task::Healthy, now);
            self.due.insert(Task::Commit, now.saturating_add(STEADY_MS));
        }
        self.due.insert(Task::ScrubRunning, now.saturating_add(self.scrub_ms));
    }

    /// The time in which the node should have become ready is over.
    pub(crate) fn not_ready(&mut self, now: u64) {
        if self.phase == Phase::Starting && self.loader == Loader::There {
            self.due.insert(Task::OtherVersion, now);
        }
    }

    /// The node has no state and will not become ready.
    pub(crate) fn maintenance(&mut self, now: u64) {
        if self.phase == Phase::Starting && self.loader == Loader::There {
            self.due.insert(Task::OnTrial, now);
        }
    }

    /// The node stops: nothing is due any more.
    pub(crate) fn close(&mut self) {
        self.phase = Phase::Closed;
        self.due.clear();
    }

    /// What is known of the health of this start.
    pub(crate) fn health(&self) -> Known {
        self.health
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let due = self.due.values().min().copied();
        due.filter(|_| self.running.is_none())
    }

    /// The task to start now, if any.
    pub(crate) fn next(&mut self, now: u64, services: Steadiness) -> Option<Task> {
        if services == Steadiness::Unsteady
            && let Some(due) = self.due.get_mut(&Task::Commit)
        {
            *due = now.saturating_add(STEADY_MS);
        }
        if self.running.is_some() {
            return None;
        }
        let (task, _) =
            self.due.iter().filter(|(_, due)| **due <= now).min_by_key(|(task, due)| (**due, **task))?;
        let task = *task;
        self.due.remove(&task);
        self.running = Some(task);
        Some(task)
    }

    /// A task ended.
    pub(crate) fn ended(&mut self, task: Task, end: End, now: u64) -> Verdict {
        self.running = None;
        match (task, end) {
            (Task::Healthy, End::Done) => self.health = Known::Healthy,
            (Task::OtherVersion | Task::OnTrial, End::Done) if self.phase == Phase::Starting => {
                return Verdict::Restart;
            }
            (Task::Healthy | Task::Commit, End::Failed) if self.phase == Phase::Ready => {
                let tries = self.tries.entry(task).or_default();
                *tries = tries.saturating_add(1);
                if *tries < TRIES {
                    self.due.insert(task, now.saturating_add(AGAIN_MS));
                }
            }
            (Task::ScrubRunning, _) if self.phase == Phase::Ready => {
                let next = if self.loader == Loader::There {
                    (Task::ScrubOther, now)
                } else {
                    (Task::ScrubRunning, now.saturating_add(SCRUB_AGAIN_MS))
                };
                self.due.insert(next.0, next.1);
            }
            (Task::ScrubOther, _) if self.phase == Phase::Ready => {
                self.due.insert(Task::ScrubRunning, now.saturating_add(SCRUB_AGAIN_MS));
            }
            _ => {}
        }
        Verdict::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::Steadiness::{Steady, Unsteady};
    use super::*;
    use proptest::prelude::*;

    /// Longer than the tests look.
    const LATER: u64 = 1 << 40;

    /// What happens up to a time, one task a line; each takes a second.
    fn run(schedule: &mut Schedule, from: u64, until: u64, services: Steadiness) -> String {
        let mut seen = Vec::new();
        let mut now = from;
        while let Some(next) = schedule.deadline().filter(|next| *next <= until) {
            now = now.max(next);
            if let Some(task) = schedule.next(now, services) {
                seen.push(format!("{} {task:?}", now / 1000));
                now += 1000;
                assert_eq!(schedule.ended(task, End::Done, now), Verdict::GoOn);
            }
        }
        seen.join(", ")
    }

    #[test]
    fn a_ready_node_resets_its_count_then_commits_then_scrubs_every_day() {
        let mut schedule = Schedule::new(Loader::There, 600_000);
        assert_eq!(schedule.deadline(), None);
        schedule.ready(4000);
        insta::assert_snapshot!(
            run(&mut schedule, 4000, 90_000_000, Steady),
            @"4 Healthy, 14 Commit, 604 ScrubRunning, 605 ScrubOther, 87006 ScrubRunning, 87007 ScrubOther"
        );
    }

    #[test]
    fn a_commit_waits_until_services_were_ready_for_ten_seconds() {
        let mut schedule = Schedule::new(Loader::There, LATER);
        schedule.ready(0);
        assert_eq!(schedule.next(0, Steady), Some(Task::Healthy));
        schedule.ended(Task::Healthy, End::Done, 100);
        assert_eq!(schedule.next(9_000, Unsteady), None);
        assert_eq!(schedule.next(18_999, Steady), None);
        assert_eq!(schedule.next(19_000, Steady), Some(Task::Commit));
    }

    #[test]
    fn a_service_that_fails_while_a_task_runs_delays_the_commit_too() {
        let mut schedule = Schedule::new(Loader::There, LATER);
        schedule.ready(0);
        assert_eq!(schedule.next(0, Steady), Some(Task::Healthy));
        assert_eq!(schedule.next(2000, Unsteady), None);
        schedule.ended(Task::Healthy, End::Done, 11_000);
        assert_eq!(run(&mut schedule, 11_000, 60_000, Steady), "12 Commit");
    }

    #[test]
    fn without_a_loader_only_the_running_slot_is_read() {
        let mut schedule = Schedule::new(Loader::None, 0);
        schedule.not_ready(0);
        assert_eq!(schedule.deadline(), None);
        schedule.ready(1000);
        assert_eq!(run(&mut schedule, 1000, 5000, Steady), "1 ScrubRunning");
    }

    #[test]
    fn a_node_that_is_not_ready_restarts_only_if_that_leads_to_another_version() {
        for (end, verdict) in [(End::Done, Verdict::Restart), (End::Failed, Verdict::GoOn)] {
            let mut schedule = Schedule::new(Loader::There, 0);
            schedule.not_ready(120_000);
            assert_eq!(schedule.next(120_000, Unsteady), Some(Task::OtherVersion));
            assert_eq!(schedule.ended(Task::OtherVersion, end, 120_100), verdict);
        }
        // It became ready while the question was asked.
        let mut schedule = Schedule::new(Loader::There, LATER);
        schedule.not_ready(0);
        assert_eq!(schedule.next(0, Unsteady), Some(Task::OtherVersion));
        schedule.ready(10);
        assert_eq!(schedule.ended(Task::OtherVersion, End::Done, 20), Verdict::GoOn);
        assert_eq!(schedule.next(20, Steady), Some(Task::Healthy));
    }

    #[test]
    fn a_node_without_a_state_restarts_only_if_its_version_is_on_trial() {
        for (end, verdict) in [(End::Done, Verdict::Restart), (End::Failed, Verdict::GoOn)] {
            let mut schedule = Schedule::new(Loader::There, 0);
            schedule.maintenance(3000);
            assert_eq!(schedule.next(3000, Steady), Some(Task::OnTrial));
            assert_eq!(schedule.ended(Task::OnTrial, end, 3100), verdict);
            assert_eq!(schedule.deadline(), None);
        }
        let mut schedule = Schedule::new(Loader::None, 0);
        schedule.maintenance(3000);
        assert_eq!(schedule.deadline(), None);
    }

    #[test]
    fn a_start_is_healthy_once_the_record_says_so_also_after_the_close() {
        let mut schedule = Schedule::new(Loader::There, LATER);
        assert_eq!(schedule.health(), Known::Nothing);
        schedule.ready(0);
        assert_eq!(schedule.next(0, Steady), Some(Task::Healthy));
        schedule.close();
        assert_eq!(schedule.health(), Known::Ready);
        schedule.ended(Task::Healthy, End::Failed, 10);
        assert_eq!(schedule.health(), Known::Ready);
        schedule.ended(Task::Healthy, End::Done, 20);
        assert_eq!(schedule.health(), Known::Healthy);
    }

    #[test]
    fn what_fails_is_tried_again_a_few_times() {
        let mut schedule = Schedule::new(Loader::There, LATER);
        schedule.ready(0);
        let mut tried = 0;
        while let Some(now) = schedule.deadline().filter(|now| *now < LATER) {
            let Some(task) = schedule.next(now, Steady) else { continue };
            tried += usize::from(task == Task::Commit);
            schedule.ended(task, End::Failed, now);
        }
        assert_eq!(tried, 5);
    }

    proptest! {
        #[test]
        fn one_task_at_a_time_and_none_after_the_close(
            events in prop::collection::vec((0..7u8, 0..30_000u64, any::<bool>()), 0..60),
        ) {
            let mut schedule = Schedule::new(Loader::There, 5_000);
            let (mut now, mut running, mut closed) = (0, None, false);
            for (event, wait, yes) in events {
                now += wait;
                match event {
                    0 => schedule.ready(now),
                    1 => schedule.not_ready(now),
                    4 => schedule.maintenance(now),
                    2 if wait < 2000 => { schedule.close(); closed = true; }
                    3 => if let Some(task) = running.take() {
                        let verdict = schedule.ended(task, if yes { End::Done } else { End::Failed }, now);
                        let asks = matches!(task, Task::OtherVersion | Task::OnTrial);
                        prop_assert!(verdict == Verdict::GoOn || asks && !closed);
                    },
                    _ => {
                        let next = schedule.next(now, if yes { Steady } else { Unsteady });
                        prop_assert!(next.is_none() || running.is_none() && !closed);
                        running = running.or(next);
                    }
                }
            }
        }
    }
}
