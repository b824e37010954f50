//! A daemon that is started again takes up what the one before it left.

use super::*;

/// A later daemon on the same node, that finds these containers and whether the workload has its network.
fn later(before: &Fleet, found: &[(&str, Option<u32>)], is_joined: bool) -> Fleet {
    let found = found.iter().map(|(name, pid)| Found { id: id(name), fingerprint: "f1".into(), pid: *pid });
    let joined = is_joined.then(|| "web".to_owned()).into_iter().collect();
    let mut fleet = Fleet::default();
    fleet.hear(0, Event::Looked(found.collect(), joined, before.memory()));
    fleet
}

/// The same, once it knows what is wanted, whichever of both comes first.
fn both_ways(before: &Fleet, wanted: &BTreeMap<String, Wanted>, pid: Option<u32>) -> [Fleet; 2] {
    let mut first = later(before, &[("a", pid)], true);
    first.hear(0, Event::Wanted(wanted.clone()));
    let mut second = Fleet::default();
    second.hear(0, Event::Wanted(wanted.clone()));
    let found = vec![Found { id: id("a"), fingerprint: "f1".into(), pid }];
    second.hear(0, Event::Looked(found, ["web".to_owned()].into(), before.memory()));
    [first, second]
}

fn ends(fleet: &mut Fleet, code: u32) {
    fleet.hear(1, Event::Exited(id("a"), Exited { code, out_of_memory: false }));
}

#[test]
fn what_runs_is_left_alone() {
    let mut all = one(RestartPolicy::Always);
    // It waited for another one when it started, and does not any more.
    all.get_mut("web").expect("it is there").workload.after = vec!["database".into()];
    let database = workload(&[("a", RestartPolicy::Always)], WorkloadNetwork::Host);
    all.insert("database".into(), wanted(database, "f1"));
    let mut before = fleet(all.clone());
    settle(&mut before, 0);
    for mut fleet in both_ways(&before, &all, Some(7)) {
        assert_eq!(fleet.plan(0), [Action::Fetch(Id::new("database", "a"))]);
    }
}

#[test]
fn what_a_person_stopped_stays_so_and_starts_once_it_is_to_be_something_else() {
    let mut before = stopped();
    before = later(&before, &[("a", None)], false);
    for mut fleet in both_ways(&before, &one(RestartPolicy::Always), None) {
        settle(&mut fleet, 1);
        assert_eq!(state(&fleet, "a"), "stopped");
        fleet.hear(2, Event::Wanted(one(RestartPolicy::OnFailure)));
        settle(&mut fleet, 2);
        assert_eq!(state(&fleet, "a"), "ready");
    }
    for mut fleet in both_ways(&before, &one(RestartPolicy::OnFailure), None) {
        settle(&mut fleet, 1);
        assert_eq!(state(&fleet, "a"), "ready");
    }
}

#[test]
fn a_job_that_runs_goes_on_and_one_that_is_done_waits_for_its_time() {
    let mut job = one(RestartPolicy::Never);
    job.get_mut("web").expect("it is there").workload.schedule = Some("@hourly".into());
    let mut before = fleet(job.clone());
    before.hear(1, Event::Due("web".into()));
    settle(&mut before, 1);
    for mut fleet in both_ways(&before, &job, Some(1)) {
        assert_eq!(settle(&mut fleet, 1), []);
        ends(&mut fleet, 0);
        settle(&mut fleet, 1);
        assert_eq!(fleet.group("web").map(|group| group.state().word()), Some("scheduled"));
        for mut later in both_ways(&fleet, &job, None) {
            settle(&mut later, 1);
            assert_eq!(later.group("web").map(|group| group.state().word()), Some("scheduled"));
        }
    }
}

#[test]
fn what_has_ended_for_good_does_not_run_again() {
    for (code, word) in [(0, "done"), (3, "failed")] {
        let wanted = one(RestartPolicy::Never);
        let mut before = fleet(wanted.clone());
        settle(&mut before, 0);
        ends(&mut before, code);
        settle(&mut before, 1);
        for mut fleet in both_ways(&before, &wanted, None) {
            assert_eq!(settle(&mut fleet, 1), [Action::Clean(id("a"))]);
            assert_eq!(state(&fleet, "a"), word);
            assert_eq!(
                fleet.unit(&id("a")).and_then(|unit| unit.exited).map(|exited| exited.code),
                Some(code)
            );
            // In another form it does.
            let other = wanted_as("f2", RestartPolicy::Never);
            fleet.hear(2, Event::Wanted(other));
            assert!(settle(&mut fleet, 2).contains(&Action::Start(id("a"), "f2".into())));
        }
    }
}

fn wanted_as(form: &str, policy: RestartPolicy) -> BTreeMap<String, Wanted> {
    [("web".to_owned(), wanted(workload(&[("a", policy)], bridge()), form))].into()
}

#[test]
fn what_ended_meanwhile_counts_as_its_policy_says() {
    let ended = |policy, code| {
        let mut before = fleet(one(policy));
        settle(&mut before, 0);
        // Its end is heard of before what is wanted, or after that.
        let mut first = later(&before, &[("a", Some(1))], true);
        ends(&mut first, code);
        first.hear(1, Event::Wanted(one(policy)));
        let [_, mut second] = both_ways(&before, &one(policy), Some(1));
        ends(&mut second, code);
        [&mut first, &mut second].map(|fleet| {
            settle(fleet, 1);
            state(fleet, "a")
        })
    };
    assert_eq!(ended(RestartPolicy::Always, 0), ["back-off"; 2]);
    assert_eq!(ended(RestartPolicy::OnFailure, 0), ["done"; 2]);
    assert_eq!(ended(RestartPolicy::Never, 1), ["failed"; 2]);
}

#[test]
fn a_network_that_nobody_remembers_is_given_anew() {
    let mut fleet = later(&Fleet::default(), &[("a", Some(1))], true);
    fleet.hear(0, Event::Wanted(one(RestartPolicy::Always)));
    let done = settle(&mut fleet, 1);
    assert!(done.contains(&Action::Leave("web".into())), "{done:?}");
    assert_eq!(state(&fleet, "a"), "ready");
}
