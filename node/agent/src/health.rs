//! Whether the node is healthy: its services, its configuration, the checks that the configuration names, the workloads
//! that are essential, and the room on its state. The verdict is worked out anew from what is known; only the kernel is
//! asked for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use corten_api::v1::{self, Verdict};
use corten_control::Status;
use tokio::sync::watch;

use crate::configuration::{InForce, Mode};
use crate::containers::{Known, essential};
use crate::probes::Probes;
use crate::room;
use crate::time::now_ns;

/// How often the room on the state is looked at where nothing else is new: nobody tells when it changes.
const LOOK: Duration = Duration::from_secs(10);

/// Those who know what is well.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// What init tells of services.
    pub services: crate::services::Services,
    /// The configuration.
    pub in_force: watch::Receiver<Arc<InForce>>,
    /// The checks of the configuration.
    pub probes: Arc<Probes>,
    /// Hears of changes of these.
    pub probed: watch::Receiver<u64>,
    /// What is known of workloads.
    pub workloads: watch::Receiver<Arc<Known>>,
    /// Where the state is.
    pub state: PathBuf,
}

impl Verdicts {
    /// The verdict, and what it is made of.
    pub fn now(&self) -> v1::HealthResponse {
        let services = Arc::clone(&self.services.borrow());
        let in_force = Arc::clone(&self.in_force.borrow());
        let workloads = essential(&in_force.settings.containers, &self.workloads.borrow());
        let now = now_ns();
        let mut probed = self.probes.checks();
        probed.extend(room::check(&self.state, now));
        judge(&services, &in_force, (probed, workloads), now)
    }

    /// Waits until one of those who know has something new, or may have.
    pub async fn changed(&mut self) {
        tokio::select! {
            Ok(()) = self.services.changed() => {}
            Ok(()) = self.in_force.changed() => {}
            Ok(()) = self.probed.changed() => {}
            Ok(()) = self.workloads.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The verdict on what is known at a time: of checks of the configuration and of the node itself, and of workloads with
/// what was found of them.
pub fn judge(
    services: &[Status],
    in_force: &InForce,
    (probed, workloads): (Vec<v1::Check>, Vec<(String, Verdict, String)>),
    at_ns: i64,
) -> v1::HealthResponse {
    let check = |name: String, verdict: Verdict, found: String| v1::Check {
        name,
        verdict: verdict.into(),
        found,
        at_ns,
    };
    let mut checks = Vec::with_capacity(services.len() + workloads.len() + probed.len() + 1);
    if services.is_empty() {
        checks.push(check("services".into(), Verdict::Pending, "init has not told of them yet".into()));
    }
    for service in services {
        let verdict = match service.state {
            state if state.is_well() => Verdict::Healthy,
            corten_control::State::Waiting | corten_control::State::Starting => Verdict::Pending,
            _ => Verdict::Unhealthy,
        };
        let state = service.state;
        let found =
            if service.found.is_empty() { state.to_string() } else { format!("{state}: {}", service.found) };
        checks.push(check(format!("service/{}", service.name), verdict, found));
    }
    checks.push(configuration(in_force, &check));
    checks.extend(workloads.into_iter().map(|(name, verdict, found)| check(name, verdict, found)));
    checks.extend(probed);
    let any = |verdict: Verdict| checks.iter().any(|check| check.verdict == i32::from(verdict));
    let verdict = if any(Verdict::Unhealthy) {
        Verdict::Unhealthy
    } else if any(Verdict::Pending) {
        Verdict::Pending
    } else {
        Verdict::Healthy
    };
    v1::HealthResponse { verdict: verdict.into(), checks }
}

/// A node without a configuration is healthy when its API answers, which it does; one that has a configuration and
/// does not run it is not.
fn configuration(in_force: &InForce, check: &impl Fn(String, Verdict, String) -> v1::Check) -> v1::Check {
    let name = "configuration".to_string();
    let problems: Vec<String> = in_force.problems.iter().map(ToString::to_string).collect();
    match &in_force.mode {
        _ if !problems.is_empty() => check(name, Verdict::Unhealthy, problems.join("; ")),
        Mode::Maintenance { reason } => check(name, Verdict::Healthy, format!("maintenance: {reason}")),
        Mode::Configured => check(name, Verdict::Healthy, format!("{} in force", in_force.generation)),
    }
}

#[cfg(test)]
mod tests {
    use corten_control::State;

    use super::*;

    fn in_force(problems: Vec<corten_config::Problem>) -> InForce {
        InForce {
            generation: 3,
            mode: Mode::Configured,
            settings: Arc::default(),
            merged: None,
            problems,
            trial: None,
            pending: None,
        }
    }

    fn service(state: State) -> Status {
        Status { name: "web".into(), state, pid: None, since_ms: 0, restarts: 0, found: "port 80".into() }
    }

    fn verdict(state: State) -> i32 {
        judge(&[service(state)], &in_force(Vec::new()), Default::default(), 0).verdict
    }

    #[test]
    fn one_thing_that_is_not_well_makes_the_node_unhealthy() {
        assert_eq!(verdict(State::Ready), i32::from(Verdict::Healthy));
        assert_eq!(verdict(State::Starting), i32::from(Verdict::Pending));
        assert_eq!(verdict(State::BackOff), i32::from(Verdict::Unhealthy));
        let workload = ("workload/web".to_string(), Verdict::Unhealthy, "web/app is failed".to_string());
        let health = judge(&[service(State::Ready)], &in_force(Vec::new()), (Vec::new(), vec![workload]), 0);
        assert_eq!(health.verdict, i32::from(Verdict::Unhealthy));
        assert_eq!(health.checks[2].found, "web/app is failed");
        let problem = corten_config::Problem {
            document: "operator".into(),
            line: 3,
            column: 1,
            key: "kernel.modules".into(),
            message: "no module \"x\" in this image".into(),
            help: None,
        };
        let health = judge(&[service(State::Ready)], &in_force(vec![problem]), Default::default(), 0);
        assert_eq!(health.verdict, i32::from(Verdict::Unhealthy));
        assert_eq!(health.checks[1].found, "operator:3:1: no module \"x\" in this image");
    }
}
