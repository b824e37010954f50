//! Jobs: when they are due by the clock.

use std::collections::BTreeMap;
use std::time::Duration;

use corten_config::types::Schedule;

use super::shell::Shell;
use crate::fleet::{Event, Id, Run};
use crate::schedule::{Due, Jobs};

const NS: i64 = 1_000_000_000;

fn now_s() -> i64 {
    crate::time::now_ns() / NS
}

/// Starts what is due, and says what is left out.
pub(super) fn look(shell: &Shell, jobs: &mut Jobs) {
    let order = shell.order();
    let workloads = order.containers.workloads.iter();
    let schedules: BTreeMap<String, Schedule> = workloads
        .filter_map(|(name, workload)| Some((name.clone(), workload.schedule.as_ref()?.parse().ok()?)))
        .collect();
    let now_s = now_s();
    jobs.configure(&schedules, now_s);
    for due in jobs.due(now_s, |name| runs(shell, name)) {
        match due {
            Due::Start(name) if is_held(shell, &name) => {
                eprintln!("{name}: is stopped, so this run of it is left out");
            }
            Due::Start(name) => super::hear(shell, Event::Due(name)),
            Due::StillRuns { name, .. } => {
                eprintln!("{name}: still runs, so this run of it is left out");
            }
            Due::Missed { name, .. } => {
                eprintln!("{name}: its time was missed, so this run of it is left out");
            }
        }
    }
    shell.set_next_runs(
        jobs.next_runs().into_iter().map(|(name, at)| (name, at.saturating_mul(NS))).collect(),
    );
}

/// Time until somebody has to look again.
pub(super) fn pause(jobs: &Jobs) -> Duration {
    jobs.wait_s(now_s()).map_or(Duration::MAX, |seconds| Duration::from_secs(seconds.max(1)))
}

fn is_held(shell: &Shell, name: &str) -> bool {
    shell.fleet().group(name).is_some_and(|group| group.is_held)
}

fn runs(shell: &Shell, name: &str) -> bool {
    let fleet = shell.fleet();
    let Some(group) = fleet.group(name) else { return false };
    let of = |container: &String| fleet.unit(&Id::new(name, container.as_str())).map(|unit| unit.run.clone());
    group.units.keys().any(|container| {
        !matches!(of(container), None | Some(Run::Nothing | Run::Fetched | Run::Done | Run::Failed))
    })
}
