//! What single events lead to; `model` has sequences of them.

use super::super::record::MAX_ENTRIES;
use super::*;

mod model;

fn applied(state: &State, when: When) -> Result<Step, Refusal> {
    let apply = Apply { when, by: "somebody", name: "a", format: Format::Toml, changes: &[] };
    state.apply(&apply, 0, 0)
}

#[test]
fn trials_have_a_length() {
    let state = State::default();
    for length in
        [Duration::ZERO, Duration::from_millis(9_999), Duration::from_millis(3_600_001), Duration::MAX]
    {
        assert_eq!(applied(&state, When::Trial(length)), Err(Refusal::TrialLength(length)));
    }
    for length in [SHORTEST_TRIAL, LONGEST_TRIAL] {
        assert!(applied(&state, When::Trial(length)).is_ok());
    }
}

#[test]
fn only_the_trial_that_is_meant_is_confirmed() {
    let state = applied(&State::default(), When::Trial(SHORTEST_TRIAL)).expect("a trial").state;
    assert_eq!(state.confirm(2), Err(Refusal::Other { running: 1 }));
    assert_eq!(state.confirm(1).map(|step| step.state.record.operator), Ok(Some(1)));
    assert_eq!(state.confirm(1), state.confirm(0));
}

#[test]
fn a_start_without_a_name_keeps_nothing_for_the_next_one() {
    assert_eq!(applied(&State::default(), When::AtReboot), Err(Refusal::NoBootId));
    let trial = applied(&State::default(), When::Trial(SHORTEST_TRIAL)).expect("a trial").state;
    let (step, _) = open(trial.record, trial.trial, None, 0);
    assert_eq!(step.state.trial, None);
    assert_eq!(step.state.record.history[0].state, EntryState::WentBack);
}

#[test]
fn history_forgets_the_oldest_but_what_is_needed() {
    let mut state = State { boot: Some("0".into()), ..State::default() };
    state = applied(&state, When::Now).expect("sound").state;
    let mut removed = Vec::new();
    for _ in 0..MAX_ENTRIES + 10 {
        let step = applied(&state, When::AtReboot).expect("sound");
        removed.extend(step.then);
        state = step.state;
    }
    assert_eq!(state.record.history.len(), MAX_ENTRIES);
    assert_eq!(state.record.operator, Some(1));
    assert!(state.record.kept(1).is_some());
    let expected: Vec<_> = (2..13).map(|number| Effect::RemoveDocument(number, Language::Toml)).collect();
    assert_eq!(removed, expected);
}

#[test]
fn a_trial_with_an_impossible_end_is_none() {
    let state = State { boot: Some("0".into()), ..State::default() };
    let state = applied(&state, When::Trial(SHORTEST_TRIAL)).expect("a trial").state;
    let running = state.trial.clone().expect("it runs");
    let (step, _) = open(state.record.clone(), Some(running.clone()), state.boot.clone(), 9_999);
    assert_eq!(step.state.trial.as_ref(), Some(&running));
    let forever = Running { ends_ms: u64::MAX, ..running };
    let (step, _) = open(state.record, Some(forever), state.boot, 0);
    assert_eq!(step.state.trial, None);
    assert_eq!(step.then[0], Effect::RemoveTrial);
}
