//! Checks over time, by a clock that the test turns, and the rules that hold whatever is answered.

use proptest::prelude::*;

use super::*;

fn pace(interval_ms: u64, failures: u32) -> Pace {
    Pace { interval_ms, failures }
}

fn failed(reason: &str) -> Result<(), NotPassed> {
    Err(NotPassed::Failed(reason.into()))
}

/// What happens up to a time, one event a line, with answers from a function.
fn play(paces: Paces, until_ms: u64, answer: impl Fn(Which, u64) -> Result<(), NotPassed>) -> String {
    let (mut machine, news) = Machine::new(paces, 0);
    let mut seen: Vec<String> = news.iter().map(|news| format!("0 {news:?}")).collect();
    while let Some(now) = machine.due_ms().filter(|due| *due <= until_ms) {
        while let Some(which) = machine.next(now) {
            seen.push(format!("{now} {}", which.name()));
            let news = machine.answered(which, answer(which, now), now);
            seen.extend(news.map(|news| format!("{now} {news:?}")));
        }
    }
    seen.join("\n")
}

#[test]
fn without_checks_a_container_is_ready_at_once() {
    assert_eq!(play(Paces::default(), 1000, |_, _| Ok(())), "0 Ready");
    let paces = Paces { liveness: Some(pace(400, 1)), ..Paces::default() };
    assert_eq!(play(paces, 1000, |_, _| Ok(())), "0 Ready\n400 liveness\n800 liveness");
}

#[test]
fn the_startup_check_comes_first_and_at_once() {
    let paces =
        Paces { startup: Some(pace(100, 5)), liveness: Some(pace(300, 1)), readiness: Some(pace(200, 1)) };
    let found = play(paces, 650, |which, now| match which {
        Which::Startup if now < 200 => failed("not yet"),
        _ => Ok(()),
    });
    insta::assert_snapshot!(found, @r#"
    0 startup
    0 Failed { reason: "startup check failed: not yet" }
    100 startup
    100 Failed { reason: "startup check failed: not yet" }
    200 startup
    200 readiness
    200 Ready
    400 readiness
    500 liveness
    600 readiness
    "#);
}

#[test]
fn what_fails_too_often_in_a_row_is_restarted() {
    let paces = Paces { liveness: Some(pace(100, 2)), ..Paces::default() };
    let found =
        play(paces, 1000, |_, now| if [100, 300, 400].contains(&now) { failed("gone") } else { Ok(()) });
    insta::assert_snapshot!(found, @r#"
    0 Ready
    100 liveness
    100 Failed { reason: "liveness check failed: gone" }
    200 liveness
    300 liveness
    300 Failed { reason: "liveness check failed: gone" }
    400 liveness
    400 Restart { reason: "liveness check failed 2 times in a row: gone" }
    "#);
    let paces = Paces { startup: Some(pace(100, 1)), ..Paces::default() };
    let found = play(paces, 1000, |_, _| failed("no"));
    insta::assert_snapshot!(found, @r#"
    0 startup
    0 Restart { reason: "startup check failed: no" }
    "#);
}

#[test]
fn readiness_comes_and_goes() {
    let paces = Paces { readiness: Some(pace(100, 2)), ..Paces::default() };
    let found = play(paces, 800, |_, now| if (300..700).contains(&now) { failed("busy") } else { Ok(()) });
    insta::assert_snapshot!(found, @r#"
    0 readiness
    0 Ready
    100 readiness
    200 readiness
    300 readiness
    300 Failed { reason: "readiness check failed: busy" }
    400 readiness
    400 Unready { reason: "readiness check failed 2 times in a row: busy" }
    500 readiness
    500 Failed { reason: "readiness check failed 2 times in a row: busy" }
    600 readiness
    600 Failed { reason: "readiness check failed 2 times in a row: busy" }
    700 readiness
    700 Ready
    800 readiness
    "#);
}

#[test]
fn a_check_that_takes_long_leaves_out_those_that_it_missed() {
    let (mut machine, _) = Machine::new(Paces { liveness: Some(pace(100, 3)), ..Paces::default() }, 0);
    assert_eq!(machine.next(100), Some(Which::Liveness));
    assert_eq!((machine.next(250), machine.due_ms()), (None, None), "it is asked once at a time");
    machine.answered(Which::Liveness, Ok(()), 350);
    assert_eq!(machine.due_ms(), Some(400));
}

proptest! {
    #[test]
    fn whatever_is_answered_the_rules_hold(
        has in prop::array::uniform3(prop::option::of((1_u64..50, 0_u32..4))),
        events in prop::collection::vec((0_u64..40, 0_u8..3, prop::option::of(any::<bool>())), 0..200),
    ) {
        let pace = |at: usize| has[at].map(|(interval_ms, failures)| Pace { interval_ms, failures });
        let paces = Paces { startup: pace(0), liveness: pace(1), readiness: pace(2) };
        let (mut machine, first) = Machine::new(paces, 0);
        let (mut now, mut over) = (0, false);
        let mut started = paces.startup.is_none();
        let mut ready = started && paces.readiness.is_none();
        prop_assert_eq!(first, ready.then_some(News::Ready));
        let mut asked: Vec<Which> = Vec::new();
        let mut failures = [0_u32; 3];
        let mut last_asked = [None::<u64>; 3];
        // When the steps of each grid begin.
        let mut grid = [0; 3];
        for (wait, kind, passes) in events {
            now += wait;
            while let Some(which) = machine.next(now) {
                prop_assert!(!over, "a check after the verdict");
                prop_assert_eq!(which == Which::Startup, !started, "the startup check and the others at the same time");
                prop_assert!(!asked.contains(&which), "asked twice at a time");
                let interval = has[which as usize].expect("it has the check").0;
                // Two may be closer than the interval where the first came late, but not in the same step of the grid.
                let step = |at: u64| (at - grid[which as usize]) / interval;
                prop_assert!(last_asked[which as usize].is_none_or(|last| step(last) < step(now)));
                last_asked[which as usize] = Some(now);
                asked.push(which);
            }
            let Some(which) = asked.get(kind as usize).copied() else { continue };
            asked.retain(|one| *one != which);
            let answer = match passes {
                Some(true) => Ok(()),
                Some(false) => failed("x"),
                None => Err(NotPassed::NotMade("x".into())),
            };
            let news = machine.answered(which, answer, now);
            if over {
                prop_assert_eq!(news, None);
                continue;
            }
            let Some(passes) = passes else {
                prop_assert_eq!(news, None);
                continue;
            };
            let limit = has[which as usize].map_or(1, |(_, failures)| failures.max(1));
            let count = &mut failures[which as usize];
            *count = if passes { 0 } else { *count + 1 };
            match news {
                Some(News::Restart { .. }) => {
                    prop_assert!(which != Which::Readiness && *count == limit);
                    over = true;
                    prop_assert_eq!(machine.due_ms(), None);
                }
                Some(News::Ready) => {
                    prop_assert!(passes && !ready);
                    ready = true;
                }
                Some(News::Unready { .. }) => {
                    prop_assert!(which == Which::Readiness && *count == limit);
                    ready = false;
                }
                Some(News::Failed { .. }) => prop_assert!(!passes && (*count < limit || which == Which::Readiness)),
                None => prop_assert!(passes),
            }
            if which == Which::Startup && passes {
                started = true;
                grid = [0, now, now];
            }
            prop_assert_eq!(machine.is_ready(), ready && !over);
            prop_assert!(over || machine.due_ms().is_some() || !asked.is_empty() || (started && has[1].is_none() && has[2].is_none()), "nothing will ever happen");
        }
    }
}
