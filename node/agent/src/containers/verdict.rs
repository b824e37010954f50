//! Whether the workloads are well that the node is not without. Pure.

use corten_api::v1::{self, Verdict};
use corten_config::settings::{Containers, RestartPolicy, Workload};

use super::known::{Known, described};

/// The verdict on each workload that is essential, with what it is made of in words.
pub fn essential(settings: &Containers, known: &Known) -> Vec<(String, Verdict, String)> {
    let essential = settings.workloads.iter().filter(|(_, workload)| workload.essential);
    let judged = essential.map(|(name, workload)| {
        let (verdict, found) = judge(name, workload, known);
        (format!("workload/{name}"), verdict, found)
    });
    judged.collect()
}

fn judge(name: &str, workload: &Workload, known: &Known) -> (Verdict, String) {
    if let Some(why) = &known.silent {
        return (Verdict::Unhealthy, format!("not known: {why}"));
    }
    let Some(list) = &known.list else {
        return (Verdict::Pending, "the container service has not told of it yet".into());
    };
    if !list.problem.is_empty() {
        return (Verdict::Unhealthy, list.problem.clone());
    }
    let Some(status) = list.workloads.iter().find(|status| status.name == name) else {
        return (Verdict::Pending, "the container service does not know it yet".into());
    };
    if status.state == "scheduled" {
        return (Verdict::Healthy, "scheduled".into());
    }
    let judged =
        status.containers.iter().map(|container| (of_container(container, workload, known), container));
    // The worst of them, and of those that are as bad the first.
    let worst = judged.min_by_key(|(verdict, _)| match verdict {
        Verdict::Unhealthy => 0,
        Verdict::Pending | Verdict::Unspecified => 1,
        Verdict::Healthy => 2,
    });
    match worst {
        None => (Verdict::Pending, status.state.clone()),
        Some((Verdict::Healthy, _)) => (Verdict::Healthy, status.state.clone()),
        Some((verdict, container)) => (verdict, format!("{} is {}", container.name, described(container))),
    }
}

fn of_container(container: &v1::ContainerStatus, workload: &Workload, known: &Known) -> Verdict {
    let short = container.name.rsplit('/').next().unwrap_or_default();
    match container.state.as_str() {
        "ready" => Verdict::Healthy,
        "done" if workload.schedule.is_some() => Verdict::Healthy,
        // One that is always started again is not done.
        "done" => match workload.containers.get(short).map(|settings| settings.restart) {
            Some(RestartPolicy::Never | RestartPolicy::OnFailure) => Verdict::Healthy,
            Some(RestartPolicy::Always) | None => Verdict::Unhealthy,
        },
        "waiting" | "pulling" | "starting" | "running" if starts_first(container, known) => Verdict::Pending,
        _ => Verdict::Unhealthy,
    }
}

/// Whether a container was never ready, as far as is known: a node that starts is not unhealthy for that.
fn starts_first(container: &v1::ContainerStatus, known: &Known) -> bool {
    container.restarts == 0 && container.exit_code.is_none() && !known.were_ready.contains(&container.name)
}

#[cfg(test)]
mod tests {
    use corten_config::settings::WorkloadNetwork;

    use super::*;

    /// A workload with a container `app`.
    fn settings(restart: &str, schedule: Option<&str>) -> Containers {
        let container = serde_json::json!({
            "image": "registry.example/web:1", "command": null, "arguments": null, "environment": {},
            "environment-files": [], "working-directory": null, "user": null, "read-only": false,
            "capabilities": [], "privileged": false, "new-privileges": false, "mounts": {}, "resources": {},
            "restart": restart, "startup": null, "liveness": null, "readiness": null, "stop-signal": null,
        });
        let workload = Workload {
            containers: [("app".to_string(), serde_json::from_value(container).expect("a container"))].into(),
            network: WorkloadNetwork::Host,
            ports: Vec::new(),
            aliases: Vec::new(),
            after: Vec::new(),
            schedule: schedule.map(str::to_owned),
            essential: true,
            system: None,
            containerd: false,
            runtime: None,
            stop_seconds: Workload::STOP_SECONDS,
        };
        Containers { workloads: [("web".to_string(), workload)].into(), ..Containers::default() }
    }

    fn known(state: &str) -> Known {
        let container =
            v1::ContainerStatus { name: "web/app".into(), state: state.into(), ..Default::default() };
        let workload = v1::WorkloadStatus {
            name: "web".into(),
            state: state.into(),
            containers: vec![container],
            ..Default::default()
        };
        let list = v1::ListWorkloadsResponse { workloads: vec![workload], problem: String::new() };
        Known { list: Some(list), ..Known::default() }
    }

    fn verdict(settings: &Containers, known: &Known) -> (Verdict, String) {
        let judged = essential(settings, known);
        assert_eq!((judged.len(), judged[0].0.as_str()), (1, "workload/web"));
        (judged[0].1, judged[0].2.clone())
    }

    #[test]
    fn a_workload_is_well_when_it_is_ready_or_done_with_what_it_has_to_do() {
        let always = settings("always", None);
        assert_eq!(verdict(&always, &known("ready")).0, Verdict::Healthy);
        for state in ["done", "back-off", "failed", "unready", "stopping", "stopped", "anything"] {
            assert_eq!(verdict(&always, &known(state)).0, Verdict::Unhealthy, "{state}");
        }
        for once in
            [settings("never", None), settings("on-failure", None), settings("always", Some("0 * * * *"))]
        {
            assert_eq!(verdict(&once, &known("done")).0, Verdict::Healthy);
            assert_eq!(verdict(&once, &known("failed")).0, Verdict::Unhealthy);
        }
        let mut waits = known("waiting");
        waits.list.as_mut().expect("a list").workloads[0].state = "scheduled".into();
        assert_eq!(verdict(&settings("always", Some("0 * * * *")), &waits).0, Verdict::Healthy);
    }

    #[test]
    fn one_that_starts_for_the_first_time_is_not_there_yet_and_later_it_is_a_fault() {
        let settings = settings("always", None);
        for state in ["waiting", "pulling", "starting", "running"] {
            let first = known(state);
            let expected = format!("web/app is {state}");
            assert_eq!(verdict(&settings, &first), (Verdict::Pending, expected));
            let again = Known { were_ready: ["web/app".to_string()].into(), ..first.clone() };
            assert_eq!(verdict(&settings, &again).0, Verdict::Unhealthy, "{state}");
            let mut ended = first;
            ended.list.as_mut().expect("a list").workloads[0].containers[0].exit_code = Some(1);
            assert_eq!(verdict(&settings, &ended).0, Verdict::Unhealthy, "{state}");
        }
    }

    #[test]
    fn what_keeps_all_of_them_from_running_is_said() {
        let settings = settings("always", None);
        assert_eq!(verdict(&settings, &Known::default()).0, Verdict::Pending);
        let silent = Known { silent: Some("nobody listens".into()), ..known("ready") };
        assert_eq!(verdict(&settings, &silent), (Verdict::Unhealthy, "not known: nobody listens".into()));
        let mut full = known("ready");
        full.list.as_mut().expect("a list").problem = "containerd is not there".into();
        assert_eq!(verdict(&settings, &full), (Verdict::Unhealthy, "containerd is not there".into()));
        let mut other = known("ready");
        other.list.as_mut().expect("a list").workloads[0].name = "other".into();
        assert_eq!(verdict(&settings, &other).0, Verdict::Pending);
    }

    #[test]
    fn one_that_is_not_essential_is_no_check() {
        let mut settings = settings("always", None);
        settings.workloads.values_mut().for_each(|workload| workload.essential = false);
        assert!(essential(&settings, &known("failed")).is_empty());
    }
}
