//! The jobs of a configuration and their next runs.

use std::collections::BTreeMap;

use corten_config::types::Schedule;

/// Seconds after its planned time in which a job still starts. Who plans by the minute does not mind one; a node that is
/// so busy that it looks at its jobs later than that has other troubles.
pub const GRACE_S: i64 = 60;
/// Seconds after which the clock is looked at whatever is planned, since nobody tells when it is set.
const LOOK_S: i64 = 30;

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The workload of this name is to start.
    Start(String),
    /// It still runs, so that this run is left out.
    StillRuns {
        /// The workload.
        name: String,
        /// When it should have started, seconds since 1970.
        planned_s: i64,
    },
    /// The time was over when somebody looked, so that this run is left out and all others that were meanwhile.
    Missed {
        /// The workload.
        name: String,
        /// When it should have started first, seconds since 1970.
        planned_s: i64,
    },
}

/// Jobs by the names of their workloads.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    jobs: BTreeMap<String, Job>,
    /// When somebody looked last, seconds since 1970.
    looked_s: Option<i64>,
}

#[derive(Clone, Debug)]
struct Job {
    schedule: Schedule,
    next_s: Option<i64>,
}

impl Job {
    fn new(schedule: Schedule, now_s: i64) -> Self {
        let next_s = schedule.next_after_unix(now_s);
        Self { schedule, next_s }
    }
}

impl Jobs {
    /// Makes the jobs those of a configuration. What did not change keeps its next run.
    pub fn configure(&mut self, schedules: &BTreeMap<String, Schedule>, now_s: i64) {
        self.jobs.retain(|name, job| schedules.get(name) == Some(&job.schedule));
        for (name, schedule) in schedules {
            self.jobs.entry(name.clone()).or_insert_with(|| Job::new(schedule.clone(), now_s));
        }
    }

    /// What is due now, each run once. `runs` says whether a workload runs at the moment.
    pub fn due(&mut self, now_s: i64, runs: impl Fn(&str) -> bool) -> Vec<Due> {
        let looked_s = self.looked_s.replace(now_s).unwrap_or(now_s);
        let was_set_back = now_s.saturating_add(GRACE_S) < looked_s;
        let mut due = Vec::new();
        for (name, job) in &mut self.jobs {
            if was_set_back {
                *job = Job::new(job.schedule.clone(), now_s);
            }
            let Some(planned_s) = job.next_s.filter(|planned| *planned <= now_s) else { continue };
            job.next_s = job.schedule.next_after_unix(now_s);
            let name = name.clone();
            due.push(if now_s.saturating_sub(planned_s) > GRACE_S {
                Due::Missed { name, planned_s }
            } else if runs(&name) {
                Due::StillRuns { name, planned_s }
            } else {
                Due::Start(name)
            });
        }
        due
    }

    /// Seconds until somebody has to look again; `None` where there are no jobs.
    pub fn wait_s(&self, now_s: i64) -> Option<u64> {
        let next = self.jobs.values().filter_map(|job| job.next_s).min()?;
        Some(next.saturating_sub(now_s).clamp(0, LOOK_S).unsigned_abs())
    }

    /// The next run of each job, seconds since 1970.
    pub fn next_runs(&self) -> BTreeMap<String, i64> {
        self.jobs.iter().filter_map(|(name, job)| Some((name.clone(), job.next_s?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-28 00:00 UTC.
    const DAY_S: i64 = 1_795_824_000;
    const HOUR_S: i64 = 3600;

    fn schedules(jobs: &[(&str, &str)]) -> BTreeMap<String, Schedule> {
        jobs.iter().map(|(name, text)| ((*name).to_string(), text.parse().expect("a schedule"))).collect()
    }

    fn jobs(all: &[(&str, &str)], now_s: i64) -> Jobs {
        let mut jobs = Jobs::default();
        jobs.configure(&schedules(all), now_s);
        jobs
    }

    fn start(name: &str) -> Due {
        Due::Start(name.into())
    }

    fn idle(_: &str) -> bool {
        false
    }

    #[test]
    fn a_job_starts_at_its_time_and_once() {
        let mut jobs = jobs(&[("backup", "0 3 * * *"), ("tidy", "*/30 * * * *")], DAY_S);
        assert_eq!(jobs.due(DAY_S, idle), [], "the minute in which a job is configured is over for it");
        assert_eq!(jobs.next_runs()["backup"], DAY_S + 3 * HOUR_S);
        assert_eq!(jobs.due(DAY_S + 1800, idle), [start("tidy")]);
        assert_eq!(jobs.due(DAY_S + 1801, idle), []);
        jobs.looked_s = None;
        assert_eq!(jobs.due(DAY_S + 3600, idle), [start("tidy")]);
    }

    #[test]
    fn waits_are_short_enough_to_see_that_the_clock_was_set() {
        let jobs = jobs(&[("tidy", "*/30 * * * *")], DAY_S);
        assert_eq!(jobs.wait_s(DAY_S), Some(30));
        assert_eq!(jobs.wait_s(DAY_S + 1795), Some(5));
        assert_eq!(jobs.wait_s(DAY_S + 1900), Some(0));
        assert_eq!(Jobs::default().wait_s(DAY_S), None);
    }

    #[test]
    fn one_that_still_runs_is_not_started_again() {
        let mut jobs = jobs(&[("tidy", "* * * * *")], DAY_S);
        assert_eq!(jobs.due(DAY_S + 60, idle), [start("tidy")]);
        let still = Due::StillRuns { name: "tidy".into(), planned_s: DAY_S + 120 };
        assert_eq!(jobs.due(DAY_S + 121, |name| name == "tidy"), [still]);
        assert_eq!(jobs.due(DAY_S + 180, idle), [start("tidy")]);
    }

    #[test]
    fn what_was_missed_is_told_once_and_not_made_up_for() {
        let mut jobs = jobs(&[("backup", "0 3 * * *"), ("tidy", "*/5 * * * *")], 0);
        // The clock was at 1970 when the node started and was set a moment later.
        assert_eq!(jobs.due(10, idle), []);
        let missed = |name: &str, planned_s| Due::Missed { name: name.into(), planned_s };
        assert_eq!(jobs.due(DAY_S + 7, idle), [missed("backup", 3 * HOUR_S), missed("tidy", 300)]);
        assert_eq!(jobs.next_runs()["backup"], DAY_S + 3 * HOUR_S);
        assert_eq!(jobs.due(DAY_S + 300, idle), [start("tidy")]);
        // A little late is in time.
        assert_eq!(jobs.due(DAY_S + 600 + GRACE_S, idle), [start("tidy")]);
        assert_eq!(jobs.due(DAY_S + 900 + GRACE_S + 1, idle), [missed("tidy", DAY_S + 900)]);
    }

    #[test]
    fn a_clock_that_is_set_back_plans_anew_and_a_little_is_nothing() {
        let mut jobs = jobs(&[("tidy", "0 * * * *")], DAY_S);
        assert_eq!(jobs.due(DAY_S + HOUR_S, idle), [start("tidy")]);
        assert_eq!(jobs.due(DAY_S + HOUR_S - 20, idle), []);
        assert_eq!(jobs.due(DAY_S + HOUR_S, idle), [], "no minute comes twice");
        assert_eq!(jobs.due(DAY_S - 5 * HOUR_S, idle), []);
        assert_eq!(jobs.next_runs()["tidy"], DAY_S - 4 * HOUR_S);
        assert_eq!(jobs.due(DAY_S - 4 * HOUR_S, idle), [start("tidy")]);
    }

    #[test]
    fn another_schedule_is_another_job_and_the_others_go_on() {
        let mut jobs = jobs(&[("a", "0 3 * * *"), ("b", "0 3 * * *"), ("c", "0 3 * * *")], DAY_S);
        let new = schedules(&[("a", "0 3 * * *"), ("b", "0 4 * * *")]);
        jobs.configure(&new, DAY_S + 3 * HOUR_S);
        assert_eq!(jobs.due(DAY_S + 3 * HOUR_S, idle), [start("a")]);
        assert_eq!(jobs.due(DAY_S + 4 * HOUR_S, idle), [start("b")]);
        assert_eq!(jobs.next_runs().len(), 2);
    }

    proptest! {
        #[test]
        fn whatever_the_clock_does_a_run_is_planned_in_the_future_and_none_starts_twice(
            schedule in prop::sample::select(vec!["* * * * *", "*/7 * * * *", "30 3 * * *", "0 0 1 1 *"]),
            steps in prop::collection::vec((-200_000_i64..200_000, any::<bool>(), any::<bool>()), 1..100),
        ) {
            let mut jobs = jobs(&[("job", schedule)], DAY_S);
            let parsed = &schedules(&[("job", schedule)])["job"];
            let (mut now, mut last_start, mut looked) = (DAY_S, None, DAY_S);
            for (step, jumps, runs) in steps {
                now += if jumps { step } else { step.rem_euclid(45) };
                if now + GRACE_S < looked {
                    // What was before the clock was set back does not count.
                    last_start = None;
                }
                let due = jobs.due(now, |_| runs);
                prop_assert!(due.len() <= 1);
                for due in due {
                    match due {
                        Due::Start(_) => {
                            prop_assert!(!runs);
                            let minute = parsed.next_after_unix(now - GRACE_S - 1);
                            prop_assert!(minute.is_some_and(|minute| minute <= now), "a start long after its time");
                            prop_assert!(last_start.is_none_or(|last| last < now));
                            last_start = Some(now);
                        }
                        Due::StillRuns { planned_s, .. } => prop_assert!(runs && now - planned_s <= GRACE_S),
                        Due::Missed { planned_s, .. } => prop_assert!(now - planned_s > GRACE_S),
                    }
                }
                prop_assert!(jobs.next_runs()["job"] > now);
                prop_assert!(jobs.wait_s(now).is_some_and(|wait| wait <= LOOK_S.unsigned_abs()));
                looked = now;
            }
        }
    }
}
