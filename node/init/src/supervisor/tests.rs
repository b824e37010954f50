//! The supervisor against a model of processes: random tables, random ends, and rules that hold after each step.

use proptest::prelude::*;

use super::*;

fn unit(after: &[usize], readiness: Readiness) -> Unit {
    Unit { after: after.to_vec(), readiness, stop_ms: 5000, restart: Restart::Always, start: Start::Boot }
}

/// Two services, the second after the first, which has this policy and is left to end before it was ready.
fn ended(restart: Restart, ending: Ending) -> (Vec<Action>, Option<u64>) {
    let first = Unit { restart, ..unit(&[], Readiness::Checked) };
    let mut supervisor = Supervisor::new(vec![first, unit(&[0], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    (supervisor.handle(10, &Input::Ended(0, ending)), supervisor.deadline())
}

#[test]
fn a_service_is_started_again_as_its_policy_says() {
    let again = (vec![Action::Retry(0, 200)], Some(210));
    assert_eq!(ended(Restart::Always, Ending::Success), again);
    assert_eq!(ended(Restart::Always, Ending::Failure), again);
    assert_eq!(ended(Restart::OnFailure, Ending::Failure), again);
    // What did its work lets others go on; what failed does not.
    let done = (vec![Action::Ready(0), Action::Start(1)], None);
    assert_eq!(ended(Restart::OnFailure, Ending::Success), done);
    assert_eq!(ended(Restart::Never, Ending::Success), done);
    assert_eq!(ended(Restart::Never, Ending::Failure), (vec![Action::GiveUp(0)], None));
}

#[test]
fn a_service_starts_when_what_it_needs_is_ready() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Checked), unit(&[0], Readiness::Started)]);
    assert_eq!(supervisor.handle(0, &Input::Time), [Action::Start(0)]);
    assert_eq!(supervisor.handle(1, &Input::Started(0)), [Action::Check(0)]);
    assert_eq!(supervisor.handle(2, &Input::Checked(0, Check::NotReady)), []);
    assert_eq!(supervisor.deadline(), Some(1002));
    assert_eq!(supervisor.handle(1002, &Input::Time), [Action::Check(0)]);
    assert_eq!(
        supervisor.handle(1003, &Input::Checked(0, Check::Ready)),
        [Action::Ready(0), Action::Start(1)]
    );
    assert_eq!(supervisor.handle(1004, &Input::Started(1)), [Action::Ready(1), Action::AllReady]);
}

#[test]
fn what_comes_after_a_job_waits_for_its_end() {
    let job = Unit { restart: Restart::Never, ..unit(&[], Readiness::Ended) };
    let mut supervisor = Supervisor::new(vec![job, unit(&[0], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    assert_eq!(supervisor.handle(1, &Input::Started(0)), []);
    assert_eq!(supervisor.handle(2, &Input::Ended(0, Ending::Success)), [Action::Ready(0), Action::Start(1)]);
}

#[test]
fn a_service_that_dies_comes_back_and_its_dependents_go_on() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Started), unit(&[0], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    supervisor.handle(0, &Input::Started(1));
    assert_eq!(supervisor.handle(10, &Input::Ended(0, Ending::Failure)), [Action::Retry(0, 200)]);
    assert_eq!(supervisor.handle(100, &Input::Time), []);
    assert_eq!(supervisor.handle(210, &Input::Time), [Action::Start(0)]);
    assert_eq!(supervisor.handle(211, &Input::Started(0)), [Action::Ready(0)]);
}

#[test]
fn a_stop_goes_backwards_and_kills_what_takes_too_long() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Started), unit(&[0], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    supervisor.handle(0, &Input::Started(1));
    assert_eq!(supervisor.handle(10, &Input::Stop), [Action::Terminate(1)]);
    assert_eq!(supervisor.handle(5009, &Input::Time), []);
    assert_eq!(supervisor.handle(5010, &Input::Time), [Action::Kill(1)]);
    assert_eq!(supervisor.handle(5011, &Input::Ended(1, Ending::Failure)), [Action::Terminate(0)]);
    assert_eq!(supervisor.handle(5012, &Input::Ended(0, Ending::Failure)), [Action::AllStopped]);
}

#[test]
fn what_does_not_end_when_it_is_killed_does_not_keep_the_machine_from_stopping() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    supervisor.handle(0, &Input::Stop);
    assert_eq!(supervisor.handle(5000, &Input::Time), [Action::Kill(0)]);
    assert_eq!(supervisor.deadline(), Some(15_000));
    assert_eq!(supervisor.handle(15_000, &Input::Time), [Action::Leave(0), Action::AllStopped]);
}

#[test]
fn a_check_that_is_due_does_not_keep_a_stop_busy() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Checked), unit(&[], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    supervisor.handle(0, &Input::Started(1));
    supervisor.handle(0, &Input::Checked(0, Check::NotReady));
    assert_eq!(supervisor.deadline(), Some(1000));
    let needs_the_first = Unit { after: vec![0], ..unit(&[], Readiness::Started) };
    supervisor.entries[1].unit = needs_the_first;
    assert_eq!(supervisor.handle(10, &Input::Stop), [Action::Terminate(1)]);
    assert_eq!(supervisor.deadline(), Some(5010));
}

#[test]
fn a_service_that_says_itself_that_it_is_ready_is_not_so_before() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Told), unit(&[0], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    assert_eq!(supervisor.handle(1, &Input::Started(0)), []);
    assert_eq!(supervisor.handle(2, &Input::Told(1)), []);
    assert_eq!(supervisor.handle(5, &Input::Told(0)), [Action::Ready(0), Action::Start(1)]);
    assert_eq!(supervisor.status(0), Some((Shown::Ready, 5, 0)));
    assert_eq!(supervisor.handle(6, &Input::Told(0)), []);
}

#[test]
fn a_service_on_request_holds_nobody_up_and_runs_when_it_is_asked_for() {
    let on_request = Unit { start: Start::OnRequest, ..unit(&[], Readiness::Started) };
    let mut supervisor = Supervisor::new(vec![on_request, unit(&[0], Readiness::Started)]);
    assert_eq!(supervisor.handle(0, &Input::Time), [Action::Start(1)]);
    assert_eq!(supervisor.handle(1, &Input::Started(1)), [Action::Ready(1), Action::AllReady]);
    assert_eq!(supervisor.status(0), Some((Shown::Off, 0, 0)));
    assert_eq!(supervisor.handle(9, &Input::Asked(0, Wish::Start)), [Action::Start(0)]);
    assert_eq!(supervisor.handle(9, &Input::Started(0)), [Action::Ready(0)]);
    assert_eq!(supervisor.handle(10, &Input::Asked(0, Wish::Start)), []);
    assert_eq!(supervisor.handle(11, &Input::Asked(0, Wish::Stop)), [Action::Terminate(0)]);
    assert_eq!(supervisor.handle(12, &Input::Ended(0, Ending::Failure)), []);
    assert_eq!(supervisor.status(0), Some((Shown::Off, 12, 0)));
}

#[test]
fn a_restart_waits_for_the_end_and_not_for_a_back_off() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    assert_eq!(supervisor.handle(10, &Input::Asked(0, Wish::Restart)), [Action::Terminate(0)]);
    assert_eq!(supervisor.handle(11, &Input::Asked(0, Wish::Restart)), [], "once is enough");
    assert_eq!(supervisor.deadline(), Some(5010));
    assert_eq!(supervisor.handle(5010, &Input::Time), [Action::Kill(0)]);
    assert_eq!(supervisor.deadline(), None);
    assert_eq!(supervisor.handle(5011, &Input::Ended(0, Ending::Failure)), [Action::Start(0)]);
    supervisor.handle(5011, &Input::Started(0));
    assert_eq!(supervisor.status(0), Some((Shown::Ready, 5011, 1)));
}

#[test]
fn a_stop_of_everything_does_not_ask_again_what_was_asked_to_stop() {
    let mut supervisor = Supervisor::new(vec![unit(&[], Readiness::Started)]);
    supervisor.handle(0, &Input::Time);
    supervisor.handle(0, &Input::Started(0));
    supervisor.handle(10, &Input::Asked(0, Wish::Restart));
    assert_eq!(supervisor.handle(20, &Input::Stop), []);
    assert_eq!(supervisor.handle(21, &Input::Ended(0, Ending::Failure)), [Action::AllStopped]);
}

#[test]
fn a_table_without_services_is_ready_and_stops_at_once() {
    let mut supervisor = Supervisor::new(Vec::new());
    assert_eq!(supervisor.handle(0, &Input::Time), [Action::AllReady]);
    assert_eq!(supervisor.handle(1, &Input::Stop), [Action::AllStopped]);
}

/// One random thing that happens to the model; numbers choose among the processes that exist.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Starts(usize),
    Ends(usize, Ending),
    Checks(usize, bool),
    Asks(usize, Wish),
    Passes(u64),
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![Just(Wish::Start), Just(Wish::Stop), Just(Wish::Restart)]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![Just(Ending::Success), Just(Ending::Failure)]
}

fn restart() -> impl Strategy<Value = Restart> {
    prop_oneof![3 => Just(Restart::Always), 1 => Just(Restart::OnFailure), 1 => Just(Restart::Never)]
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => any::<usize>().prop_map(Happens::Starts),
        1 => (any::<usize>(), ending()).prop_map(|(at, ending)| Happens::Ends(at, ending)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(at, ok)| Happens::Checks(at, ok)),
        1 => (any::<usize>(), wish()).prop_map(|(at, wish)| Happens::Asks(at, wish)),
        1 => (0..40_000u64).prop_map(Happens::Passes),
    ]
}

/// What the shell would hold: processes and checks that were ordered and not yet ended.
#[derive(Default)]
struct Model {
    ordered: Vec<bool>,
    runs: Vec<bool>,
    ready: Vec<bool>,
    checks: Vec<bool>,
    /// How a service ended that is not to be started again.
    over: Vec<Option<Ending>>,
    /// What was asked of a service that runs and has not ended since.
    asked: Vec<Option<Wish>>,
    /// Not wanted: counts as ready.
    off: Vec<bool>,
    stopping: bool,
    stopped: bool,
}

impl Model {
    fn apply(&mut self, units: &[Unit], actions: &[Action]) -> Result<(), TestCaseError> {
        for action in actions {
            prop_assert!(!self.stopped, "{action:?} after everything stopped");
            match *action {
                Action::Start(at) => {
                    prop_assert!(
                        !self.stopping && !self.runs[at] && !self.ordered[at] && self.over[at].is_none()
                    );
                    prop_assert!(
                        units[at].after.iter().all(|needed| self.ready[*needed] || self.off[*needed])
                    );
                    prop_assert!(!self.off[at]);
                    self.ordered[at] = true;
                }
                Action::Check(at) => {
                    prop_assert!(self.runs[at] && !self.checks[at]);
                    self.checks[at] = true;
                }
                Action::Ready(at) => {
                    let done = self.over[at] == Some(Ending::Success);
                    prop_assert!((self.runs[at] || done) && !self.ready[at]);
                    self.ready[at] = true;
                }
                Action::Leave(at) => {
                    prop_assert!(self.stopping && self.runs[at]);
                    self.runs[at] = false;
                }
                Action::Terminate(at) | Action::Kill(at) if !self.stopping => {
                    prop_assert!(self.runs[at] && self.asked[at].is_some());
                    self.ready[at] = false;
                }
                // Its time began when it was asked to stop alone.
                Action::Kill(at) if self.asked[at].is_some() => {}
                Action::Terminate(at) | Action::Kill(at) => {
                    let dependents = units.iter().enumerate().filter(|(_, unit)| unit.after.contains(&at));
                    for (dependent, _) in dependents {
                        prop_assert!(!self.runs[dependent], "{dependent} still runs on {at}");
                    }
                }
                Action::AllStopped => {
                    prop_assert!(self.stopping && self.runs.iter().all(|runs| !runs));
                    self.stopped = true;
                }
                Action::AllReady => {
                    prop_assert!(self.ready.iter().zip(&self.off).all(|(ready, off)| *ready || *off));
                }
                Action::Retry(at, wait) => {
                    prop_assert!((200..=30_000).contains(&wait) && self.over[at].is_none());
                }
                Action::GiveUp(at) => prop_assert_eq!(self.over[at], Some(Ending::Failure)),
            }
        }
        Ok(())
    }
}

fn nth(flags: &[bool], choice: usize) -> Option<usize> {
    let set: Vec<usize> = (0..flags.len()).filter(|at| flags[*at]).collect();
    (!set.is_empty()).then(|| set[choice % set.len()])
}

proptest! {
    #[test]
    fn order_holds_whatever_happens_and_a_stop_ends_everything(
        table in prop::collection::vec(
            (prop::collection::vec(any::<usize>(), 0..3), any::<bool>(), restart()),
            1..6,
        ),
        // Services whose process does not end, whatever it is sent.
        stuck in prop::collection::vec(prop::bool::weighted(0.2), 6),
        before in prop::collection::vec(happens(), 0..60),
    ) {
        let units: Vec<Unit> = table
            .iter()
            .enumerate()
            .map(|(at, (after, checked, restart))| Unit {
                after: after.iter().filter(|_| at > 0).map(|choice| choice % at).collect(),
                readiness: match (checked, restart) {
                    (true, _) => Readiness::Checked,
                    (false, Restart::Never) => Readiness::Ended,
                    (false, _) => Readiness::Started,
                },
                stop_ms: 1000,
                restart: *restart,
                start: Start::Boot,
            })
            .collect();
        let none = vec![false; units.len()];
        let mut model = Model {
            ordered: none.clone(),
            runs: none.clone(),
            ready: none.clone(),
            over: vec![None; units.len()],
            checks: none.clone(),
            asked: vec![None; units.len()],
            off: none,
            ..Model::default()
        };
        let mut supervisor = Supervisor::new(units.clone());
        let mut now = 0;
        model.apply(&units, &supervisor.handle(now, &Input::Time))?;
        for happening in before {
            let input = match happening {
                Happens::Starts(choice) => nth(&model.ordered, choice).map(|at| {
                    model.ordered[at] = false;
                    model.runs[at] = true;
                    Input::Started(at)
                }),
                Happens::Ends(choice, ending) => nth(&model.runs, choice).map(|at| {
                    // The shell ends the check of a service together with it.
                    (model.runs[at], model.checks[at]) = (false, false);
                    if let Some(wish) = model.asked[at].take() {
                        model.ready[at] = false;
                        model.off[at] = wish == Wish::Stop;
                        return Input::Ended(at, ending);
                    }
                    let again = match units[at].restart {
                        Restart::Always => true,
                        Restart::OnFailure => ending == Ending::Failure,
                        Restart::Never => false,
                    };
                    if !again {
                        model.over[at] = Some(ending);
                    }
                    // What did its work stays ready for those that come after it.
                    model.ready[at] &= !again && ending == Ending::Success;
                    Input::Ended(at, ending)
                }),
                Happens::Checks(choice, ok) => nth(&model.checks, choice).map(|at| {
                    model.checks[at] = false;
                    Input::Checked(at, if ok { Check::Ready } else { Check::NotReady })
                }),
                // The shell starts at once what it is to start, so nothing is asked in between.
                Happens::Asks(..) if nth(&model.ordered, 0).is_some() => None,
                Happens::Asks(choice, wish) => {
                    let at = choice % units.len();
                    match (model.runs[at], wish) {
                        (true, Wish::Start) if model.asked[at].is_none() => {}
                        (true, wish) => model.asked[at] = Some(wish),
                        (false, wish) => {
                            model.over[at] = None;
                            model.ready[at] = false;
                            model.off[at] = wish == Wish::Stop;
                        }
                    }
                    Some(Input::Asked(at, wish))
                }
                Happens::Passes(ms) => {
                    now += ms;
                    Some(Input::Time)
                }
            };
            if let Some(input) = input {
                let actions = supervisor.handle(now, &input);
                model.apply(&units, &actions)?;
            }
        }
        // A start that was ordered is carried out at once by the shell; then the stop comes.
        while let Some(at) = nth(&model.ordered, 0) {
            model.ordered[at] = false;
            model.runs[at] = true;
            let actions = supervisor.handle(now, &Input::Started(at));
            model.apply(&units, &actions)?;
        }
        model.stopping = true;
        let mut told: Vec<bool> = model.asked.iter().map(Option::is_some).collect();
        let mut input = Input::Stop;
        for _ in 0..=4 * units.len() {
            let actions = supervisor.handle(now, &input);
            model.apply(&units, &actions)?;
            for action in &actions {
                if let Action::Terminate(at) = action {
                    told[*at] = true;
                }
            }
            let ends = (0..units.len()).find(|at| told[*at] && model.runs[*at] && !stuck[*at]);
            input = ends.map_or(Input::Time, |at| Input::Ended(at, Ending::Failure));
            match (ends, supervisor.deadline()) {
                (Some(at), _) => model.runs[at] = false,
                (None, Some(deadline)) => now = deadline,
                // Nothing would wake the loop.
                (None, None) => break,
            }
        }
        prop_assert!(model.stopped, "the stop did not end");
    }
}
