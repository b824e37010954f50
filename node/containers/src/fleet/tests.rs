//! What a fleet decides, one case after the other; `chance` has a node that is simulated: actions take their time, fail,
//! and containers end by themselves.

mod chance;
mod restart;

use std::collections::{BTreeMap, BTreeSet};

use corten_config::settings::{Container, ContainerResources, RestartPolicy, Workload, WorkloadNetwork};

use super::*;

fn container(restart: RestartPolicy) -> Container {
    Container {
        image: "web:1".into(),
        command: None,
        arguments: None,
        environment: BTreeMap::new(),
        environment_files: Vec::new(),
        working_directory: None,
        user: None,
        read_only: false,
        capabilities: BTreeSet::new(),
        privileged: false,
        new_privileges: false,
        mounts: BTreeMap::new(),
        resources: ContainerResources::default(),
        restart,
        startup: None,
        liveness: None,
        readiness: None,
        stop_signal: None,
    }
}

fn workload(containers: &[(&str, RestartPolicy)], network: WorkloadNetwork) -> Workload {
    Workload {
        containers: containers
            .iter()
            .map(|(name, policy)| ((*name).to_owned(), container(*policy)))
            .collect(),
        network,
        ports: Vec::new(),
        aliases: Vec::new(),
        after: Vec::new(),
        schedule: None,
        essential: false,
        system: None,
        containerd: false,
        runtime: None,
        stop_seconds: Workload::STOP_SECONDS,
    }
}

fn bridge() -> WorkloadNetwork {
    WorkloadNetwork::Bridge { name: "default".into() }
}

fn wanted(workload: Workload, form: &str) -> Wanted {
    let containers = workload.containers.keys().map(|name| (name.clone(), form.to_owned())).collect();
    let whole = format!("{workload:?} {form}");
    Wanted { workload, form: whole, shared: "s1".into(), containers }
}

fn one(policy: RestartPolicy) -> BTreeMap<String, Wanted> {
    [("web".to_owned(), wanted(workload(&[("a", policy)], bridge()), "f1"))].into()
}

fn id(container: &str) -> Id {
    Id::new("web", container)
}

/// A fleet that knows what is wanted and found nothing.
fn fleet(wanted: BTreeMap<String, Wanted>) -> Fleet {
    let mut fleet = Fleet::default();
    fleet.hear(0, Event::Wanted(wanted));
    fleet.hear(0, Event::Looked(Vec::new(), BTreeSet::new(), Memory::default()));
    fleet
}

/// What the daemon leaves of a container that it cleans up.
fn rest(fleet: &Fleet, id: &Id) -> Rest {
    let is_wanted = fleet.unit(id).is_some_and(|unit| unit.wanted.is_some());
    if is_wanted { Rest::Record } else { Rest::Nothing }
}

/// A fleet whose workload ran, and was stopped by a person.
fn stopped() -> Fleet {
    let mut fleet = fleet(one(RestartPolicy::Always));
    settle(&mut fleet, 0);
    fleet.hear(1, Event::Hold("web".into()));
    settle(&mut fleet, 1);
    assert_eq!(state(&fleet, "a"), "stopped");
    fleet
}

/// Answers every action with success until nothing is left to do, and returns what was done.
fn settle(fleet: &mut Fleet, now: Ms) -> Vec<Action> {
    let mut done = Vec::new();
    loop {
        let actions = fleet.plan(now);
        if actions.is_empty() {
            return done;
        }
        for action in actions {
            done.push(action.clone());
            let event = match action {
                Action::Fetch(id) => Event::Fetched(id, Ok("sha256:1".into())),
                Action::Join(name) => Event::Joined(name, Ok(())),
                Action::Leave(name) => Event::Left(name, Ok(())),
                Action::Start(id, _) => Event::Started(id, Ok(1)),
                Action::Stop(id) => Event::Exited(id, Exited { code: 143, out_of_memory: false }),
                Action::Clean(id) => {
                    let rest = rest(fleet, &id);
                    Event::Cleaned(id, Ok(rest))
                }
            };
            let started = match &event {
                Event::Started(id, _) => Some(id.clone()),
                _ => None,
            };
            fleet.hear(now, event);
            if let Some(id) = started {
                fleet.hear(now, Event::Ready(id, Ready::Yes, String::new()));
            }
        }
    }
}

fn state(fleet: &Fleet, container: &str) -> &'static str {
    let group = fleet.group("web").expect("it is known");
    group.units[container].state(group).word()
}

#[test]
fn a_workload_whose_network_can_not_stay_gets_it_anew() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    settle(&mut fleet, 0);
    fleet.hear(5, Event::Displaced(vec!["web".into(), "nobody".into()]));
    let done = settle(&mut fleet, 5);
    let mut kinds: Vec<&Action> = done.iter().collect();
    kinds.retain(|action| !matches!(action, Action::Clean(_) | Action::Fetch(_)));
    let form = "f1".to_string();
    let wanted = [
        Action::Stop(id("a")),
        Action::Leave("web".into()),
        Action::Join("web".into()),
        Action::Start(id("a"), form),
    ];
    assert_eq!(kinds, wanted.iter().collect::<Vec<_>>());
    fleet.hear(9, Event::Displaced(Vec::new()));
    assert_eq!(settle(&mut fleet, 9), []);
}

#[test]
fn nothing_is_done_before_it_is_known_what_runs_and_what_is_wanted() {
    let mut fleet = Fleet::default();
    assert_eq!(fleet.plan(0), []);
    let found = vec![Found { id: id("a"), fingerprint: "f1".into(), pid: Some(7) }];
    fleet.hear(0, Event::Looked(found, BTreeSet::new(), Memory::default()));
    assert_eq!(fleet.plan(0), []);
    let mut other = Fleet::default();
    other.hear(0, Event::Wanted(one(RestartPolicy::Always)));
    assert_eq!(other.plan(0), []);
}

#[test]
fn what_waits_for_an_image_is_tried_at_once_when_images_may_come() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    let mut now = 0;
    for _ in 0..12 {
        if fleet.plan(now).contains(&Action::Fetch(id("a"))) {
            fleet.hear(now, Event::Fetched(id("a"), Err("no answer".into())));
        }
        now = fleet.next().expect("it waits");
    }
    // By now it waits for a minute.
    let at = now - 50_000;
    assert_eq!((fleet.plan(at), state(&fleet, "a")), (vec![], "back-off"));
    fleet.hear(at, Event::ImagesCame);
    assert_eq!(fleet.plan(at), [Action::Fetch(id("a"))]);
}

#[test]
fn image_and_network_come_before_the_start_and_beside_one_another() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    assert_eq!(fleet.plan(0), [Action::Fetch(id("a")), Action::Join("web".into())]);
    assert_eq!(fleet.plan(0), []);
    fleet.hear(1, Event::Fetched(id("a"), Ok("d".into())));
    assert_eq!(fleet.plan(1), []);
    fleet.hear(2, Event::Joined("web".into(), Ok(())));
    assert_eq!(fleet.plan(2), [Action::Start(id("a"), "f1".into())]);
    fleet.hear(3, Event::Started(id("a"), Ok(42)));
    assert_eq!(state(&fleet, "a"), "running");
    fleet.hear(4, Event::Ready(id("a"), Ready::Yes, String::new()));
    assert_eq!(state(&fleet, "a"), "ready");
    assert_eq!((fleet.plan(5), fleet.next()), (vec![], None));
}

#[test]
fn only_what_differs_is_started_again() {
    let two = |b: &str| {
        let mut both =
            wanted(workload(&[("a", RestartPolicy::Always), ("b", RestartPolicy::Always)], bridge()), "f1");
        both.containers.insert("b".into(), b.into());
        BTreeMap::from([("web".to_owned(), both)])
    };
    let mut fleet = fleet(two("f1"));
    settle(&mut fleet, 0);
    fleet.hear(1, Event::Wanted(two("f2")));
    let done = settle(&mut fleet, 1);
    assert_eq!(
        done,
        [
            Action::Fetch(id("b")),
            Action::Stop(id("b")),
            Action::Clean(id("b")),
            Action::Fetch(id("b")),
            Action::Start(id("b"), "f2".into())
        ]
    );
    assert_eq!(fleet.unit(&id("a")).map(|unit| unit.restarts), Some(0));
}

#[test]
fn what_runs_goes_on_until_the_image_of_its_next_form_is_here() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    settle(&mut fleet, 0);
    let next = |form: &str| {
        let web = wanted(workload(&[("a", RestartPolicy::Always)], bridge()), form);
        BTreeMap::from([("web".to_owned(), web)])
    };
    fleet.hear(1, Event::Wanted(next("f2")));
    assert_eq!(fleet.plan(1), [Action::Fetch(id("a"))]);
    fleet.hear(2, Event::Fetched(id("a"), Err("no such tag".into())));
    assert_eq!((fleet.plan(2), state(&fleet, "a")), (vec![], "ready"));
    let detail = fleet.unit(&id("a")).map(|unit| unit.detail.clone());
    assert_eq!(detail.as_deref(), Some("what it is to become waits for its image: no such tag"));
    let again = fleet.next().expect("it is tried again");
    assert_eq!(fleet.plan(again), [Action::Fetch(id("a"))]);
    // Meanwhile the configuration is mended: an answer for what it said before is none for what it says now.
    fleet.hear(again, Event::Wanted(next("f3")));
    assert_eq!(fleet.plan(again), []);
    fleet.hear(again, Event::Fetched(id("a"), Ok("sha256:2".into())));
    let done = settle(&mut fleet, again);
    let start = Action::Start(id("a"), "f3".into());
    let fetch = || Action::Fetch(id("a"));
    assert_eq!(done, [fetch(), Action::Stop(id("a")), Action::Clean(id("a")), fetch(), start]);
}

#[test]
fn who_ends_is_started_again_while_the_image_of_another_is_on_its_way() {
    let form = |containers: &[(&str, RestartPolicy)]| {
        BTreeMap::from([("web".to_owned(), wanted(workload(containers, bridge()), "f1"))])
    };
    let always = RestartPolicy::Always;
    let mut fleet = fleet(form(&[("a", always), ("c", always)]));
    settle(&mut fleet, 0);
    fleet.hear(1, Event::Wanted(form(&[("a", always), ("b", always), ("c", always)])));
    assert_eq!(fleet.plan(1), [Action::Fetch(id("b"))]);
    fleet.hear(2, Event::Exited(id("a"), Exited { code: 1, out_of_memory: false }));
    settle(&mut fleet, 2);
    let now = fleet.next().expect("it waits before it is started again");
    assert!(settle(&mut fleet, now).contains(&Action::Start(id("a"), "f1".into())));
}

#[test]
fn a_node_goes_down_while_an_image_is_on_its_way() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    assert!(fleet.plan(0).contains(&Action::Fetch(id("a"))));
    fleet.hear(1, Event::Ends);
    fleet.plan(1);
    assert!(fleet.has_ended());
}

#[test]
fn a_job_that_was_stopped_is_not_made_up_for() {
    let job = |schedule: &str| {
        let mut job = one(RestartPolicy::Never);
        let web = job.get_mut("web").expect("it is there");
        web.workload.schedule = Some(schedule.into());
        web.form = schedule.into();
        job
    };
    let mut fleet = fleet(job("@hourly"));
    fleet.hear(1, Event::Due("web".into()));
    settle(&mut fleet, 1);
    fleet.hear(2, Event::Hold("web".into()));
    settle(&mut fleet, 2);
    fleet.hear(3, Event::Due("web".into()));
    fleet.hear(4, Event::Wanted(job("@daily")));
    assert_eq!(settle(&mut fleet, 4), []);
    assert_eq!(fleet.group("web").map(|group| group.state().word()), Some("scheduled"));
}

#[test]
fn another_network_takes_all_containers_down_first() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    settle(&mut fleet, 0);
    let mut other = one(RestartPolicy::Always);
    other.get_mut("web").expect("it is there").shared = "s2".into();
    fleet.hear(1, Event::Wanted(other));
    let done = settle(&mut fleet, 1);
    let at = |wanted: Action| done.iter().position(|action| *action == wanted).expect("it was done");
    let order = [
        at(Action::Stop(id("a"))),
        at(Action::Clean(id("a"))),
        at(Action::Leave("web".into())),
        at(Action::Join("web".into())),
        at(Action::Start(id("a"), "f1".into())),
    ];
    assert!(order.is_sorted(), "{done:?}");
    assert_eq!(state(&fleet, "a"), "ready");
}

#[test]
fn what_is_gone_from_the_configuration_leaves_nothing() {
    let mut fleet = fleet(one(RestartPolicy::Always));
    settle(&mut fleet, 0);
    fleet.hear(1, Event::Wanted(BTreeMap::new()));
    let done = settle(&mut fleet, 1);
    assert_eq!(done, [Action::Stop(id("a")), Action::Clean(id("a")), Action::Leave("web".into())]);
    assert!(fleet.group("web").is_none());
}

#[test]
fn who_ends_is_started_again_as_its_policy_says_with_growing_pauses() {
    let ends = |policy, code| {
        let mut fleet = fleet(one(policy));
        settle(&mut fleet, 0);
        fleet.hear(10, Event::Exited(id("a"), Exited { code, out_of_memory: false }));
        settle(&mut fleet, 10);
        (state(&fleet, "a"), fleet.next())
    };
    assert_eq!(ends(RestartPolicy::Always, 0), ("back-off", Some(110)));
    assert_eq!(ends(RestartPolicy::OnFailure, 0), ("done", None));
    assert_eq!(ends(RestartPolicy::OnFailure, 1), ("back-off", Some(110)));
    assert_eq!(ends(RestartPolicy::Never, 0), ("done", None));
    assert_eq!(ends(RestartPolicy::Never, 1), ("failed", None));
}

#[test]
fn a_stopped_workload_stays_so_until_it_is_started_or_becomes_another_one() {
    let mut fleet = stopped();
    fleet.hear(2, Event::Wanted(one(RestartPolicy::Always)));
    assert_eq!(settle(&mut fleet, 2), []);
    fleet.hear(3, Event::Release("web".into()));
    settle(&mut fleet, 3);
    assert_eq!(state(&fleet, "a"), "ready");
    fleet.hear(4, Event::Hold("web".into()));
    settle(&mut fleet, 4);
    fleet.hear(5, Event::Wanted(one(RestartPolicy::OnFailure)));
    settle(&mut fleet, 5);
    assert_eq!(state(&fleet, "a"), "ready");
}

#[test]
fn a_job_runs_when_it_is_due_and_once_at_a_time() {
    let mut job = one(RestartPolicy::Never);
    job.get_mut("web").expect("it is there").workload.schedule = Some("@hourly".into());
    let mut fleet = fleet(job);
    assert_eq!(settle(&mut fleet, 0), []);
    assert_eq!(fleet.group("web").map(|group| group.state().word()), Some("scheduled"));
    fleet.hear(1, Event::Due("web".into()));
    settle(&mut fleet, 1);
    assert_eq!(state(&fleet, "a"), "ready");
    fleet.hear(2, Event::Due("web".into()));
    assert_eq!(settle(&mut fleet, 2), []);
    fleet.hear(3, Event::Exited(id("a"), Exited { code: 0, out_of_memory: false }));
    settle(&mut fleet, 3);
    assert_eq!(fleet.group("web").map(|group| group.state().word()), Some("scheduled"));
    fleet.hear(4, Event::Due("web".into()));
    assert!(settle(&mut fleet, 4).contains(&Action::Start(id("a"), "f1".into())));
}

#[test]
fn of_a_stopped_workload_that_is_removed_nothing_stays() {
    let mut fleet = stopped();
    fleet.hear(2, Event::Wanted(BTreeMap::new()));
    assert_eq!(settle(&mut fleet, 2), [Action::Clean(id("a"))]);
    assert!(fleet.group("web").is_none());
}

#[test]
fn of_what_did_its_work_and_is_removed_nothing_stays() {
    let mut fleet = fleet(one(RestartPolicy::Never));
    settle(&mut fleet, 0);
    fleet.hear(1, Event::Exited(id("a"), Exited { code: 0, out_of_memory: false }));
    settle(&mut fleet, 1);
    assert_eq!(state(&fleet, "a"), "done");
    fleet.hear(2, Event::Wanted(BTreeMap::new()));
    assert_eq!(settle(&mut fleet, 2), [Action::Clean(id("a")), Action::Leave("web".into())]);
    assert!(fleet.group("web").is_none());
}

#[test]
fn a_container_that_needed_too_much_memory_says_so() {
    let mut fleet = fleet(one(RestartPolicy::Never));
    settle(&mut fleet, 0);
    fleet.hear(1, Event::Exited(id("a"), Exited { code: 137, out_of_memory: true }));
    settle(&mut fleet, 1);
    assert_eq!(state(&fleet, "a"), "failed");
    let detail = fleet.unit(&id("a")).map(|unit| unit.detail.clone());
    assert_eq!(detail.as_deref(), Some("it needed more memory than it may have"));
}

#[test]
fn when_the_node_goes_down_what_others_need_ends_after_them() {
    let mut both = one(RestartPolicy::Always);
    both.get_mut("web").expect("it is there").workload.after = vec!["database".into()];
    both.insert("database".into(), wanted(workload(&[("a", RestartPolicy::Always)], bridge()), "f1"));
    let mut fleet = fleet(both);
    settle(&mut fleet, 0);
    assert_eq!(state(&fleet, "a"), "ready");
    fleet.hear(1, Event::Ends);
    let done = settle(&mut fleet, 1);
    let at = |wanted: Action| done.iter().position(|action| *action == wanted).expect("it was done");
    assert!(at(Action::Clean(id("a"))) < at(Action::Stop(Id::new("database", "a"))));
    assert!(fleet.has_ended());
    // Networks end with the node.
    assert!(!done.iter().any(|action| matches!(action, Action::Leave(_))));
}
