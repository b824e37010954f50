//! What a run does about what it sees, on made-up sequences of events.

use proptest::prelude::*;

use super::*;
use corten_report::{Failed, Ready};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn limits() -> Limits {
    Limits { ready: Some(seconds(60)), total: Some(seconds(300)), stop: seconds(30) }
}

fn ready() -> Event {
    Event::Ready(Ready {
        version: "1.0".into(),
        root_hash: String::new(),
        secure_boot: false,
        kernel_to_ready_ms: 1,
        memory_used_bytes: 1,
        processes: 1,
        services: std::collections::BTreeMap::new(),
        machine_id: String::new(),
        state: None,
    })
}

fn failed() -> Event {
    Event::Failed(Failed {
        what: "stage1.verity".into(),
        why: "no slot".into(),
        hint: "write the image again".into(),
    })
}

fn stopping() -> Event {
    stopping_for("power-button")
}

fn stopping_for(cause: &str) -> Event {
    Event::Stopping { cause: cause.into() }
}

fn reset() -> Message {
    Message::Event(QmpEvent::Reset { by: Origin::Guest, reason: "guest-reset".into() })
}

fn shutdown(by: Origin, reason: &str) -> Message {
    Message::Event(QmpEvent::Shutdown { by, reason: reason.into() })
}

fn end(watch: Watch) -> End {
    watch.end("exit status: 0".into(), String::new())
}

#[test]
fn until_ready_the_button_is_pressed_once_and_the_node_stops() {
    let mut watch = Watch::new(Until::Ready, limits(), None);
    assert_eq!(watch.on(seconds(5), &Input::Report(&ready())), Some(Act::PowerButton));
    assert_eq!(watch.on(seconds(6), &Input::Report(&stopping())), None);
    assert_eq!(watch.on(seconds(29), &Input::Time), None);
    assert_eq!(watch.on(seconds(30), &Input::Message(&shutdown(Origin::Guest, "guest-shutdown"))), None);
    assert_eq!(end(watch), End::PoweredOff);
}

#[test]
fn a_run_until_off_goes_on_when_the_node_is_ready() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    assert_eq!(watch.on(seconds(5), &Input::Report(&ready())), None);
    assert_eq!(watch.on(seconds(200), &Input::Time), None);
    assert_eq!(watch.on(seconds(300), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::TimedOut);
}

#[test]
fn a_node_in_maintenance_waits_for_a_person_as_long_as_that_takes() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    let Event::Failed(why) = failed() else { unreachable!() };
    assert_eq!(watch.on(seconds(5), &Input::Report(&Event::Maintenance(why.clone()))), None);
    assert_eq!(watch.deadline(), limits().total);
    assert_eq!(watch.on(seconds(299), &Input::Time), None);
    let mut watch = Watch::new(Until::Ready, limits(), None);
    let pressed = watch.on(seconds(5), &Input::Report(&Event::Maintenance(why)));
    assert_eq!(pressed, Some(Act::PowerButton), "nothing is there to wait for");
}

#[test]
fn a_press_that_the_guest_does_not_notice_is_repeated() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    assert_eq!(watch.on(seconds(1), &Input::Wish(Wish::PowerButton)), Some(Act::PowerButton));
    assert_eq!(watch.deadline(), Some(seconds(6)));
    assert_eq!(watch.on(seconds(6), &Input::Time), Some(Act::PowerButton));
    assert_eq!(watch.on(seconds(7), &Input::Report(&stopping())), None);
    assert_eq!(watch.deadline(), Some(seconds(31)));
    assert_eq!(watch.on(seconds(31), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::NotStopped);
}

#[test]
fn not_ready_in_time_ends_the_machine() {
    for until in [Until::Ready, Until::Off] {
        let mut watch = Watch::new(until, limits(), None);
        assert_eq!(watch.on(seconds(59), &Input::Console), None);
        assert_eq!(watch.on(seconds(60), &Input::Time), Some(Act::Kill));
        assert_eq!(end(watch), End::NotReady);
    }
}

/// It would restart the same version after a pause, which nobody has to wait for.
#[test]
fn a_failure_that_would_come_again_ends_a_run_that_waits_for_ready_after_its_last_words() {
    let mut watch = Watch::new(Until::Ready, limits(), None);
    assert_eq!(watch.on(seconds(3), &Input::Report(&failed())), None);
    assert_eq!(watch.on(seconds(4), &Input::Report(&stopping_for("failure"))), None);
    assert_eq!(watch.on(seconds(4), &Input::Console), None);
    assert_eq!(watch.deadline(), Some(seconds(5)));
    assert_eq!(watch.on(seconds(5), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::NodeFailed);
}

#[test]
fn a_failed_node_that_gives_way_to_another_version_gets_the_time_to_stop() {
    for cause in ["fall-back", "not-ready"] {
        let mut watch = Watch::new(Until::Ready, limits(), None);
        assert_eq!(watch.on(seconds(3), &Input::Report(&failed())), None);
        assert_eq!(watch.on(seconds(8), &Input::Report(&stopping_for(cause))), None);
        assert_eq!(watch.on(seconds(30), &Input::Time), None);
        assert_eq!(watch.on(seconds(31), &Input::Message(&reset())), None);
        assert_eq!(watch.on(seconds(45), &Input::Report(&ready())), Some(Act::PowerButton));
        assert_eq!(watch.on(seconds(46), &Input::Message(&shutdown(Origin::Guest, "guest-shutdown"))), None);
        assert_eq!(end(watch), End::PoweredOff);
    }
}

/// As the machine that ends with a restart does by itself.
#[test]
fn a_node_that_gives_way_and_never_restarts_is_ended() {
    let mut watch = Watch::new(Until::Ready, limits(), None);
    assert_eq!(watch.on(seconds(3), &Input::Report(&failed())), None);
    assert_eq!(watch.on(seconds(4), &Input::Report(&stopping_for("fall-back"))), None);
    assert_eq!(watch.deadline(), Some(seconds(34)));
    assert_eq!(watch.on(seconds(34), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::NotStopped);
}

#[test]
fn a_failed_node_gets_a_while_to_say_what_it_does_about_it() {
    let mut watch = Watch::new(Until::Ready, limits(), None);
    assert_eq!(watch.on(seconds(3), &Input::Report(&failed())), None);
    assert_eq!(watch.on(seconds(12), &Input::Time), None);
    assert_eq!(watch.on(seconds(13), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::NodeFailed);
}

#[test]
fn a_failure_does_not_end_a_run_until_off() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    assert_eq!(watch.on(seconds(3), &Input::Report(&failed())), None);
    assert_eq!(watch.on(seconds(3), &Input::Report(&stopping_for("failure"))), None);
    assert_eq!(watch.on(seconds(14), &Input::Message(&shutdown(Origin::Guest, "guest-reset"))), None);
    assert_eq!(end(watch), End::Restarted);
}

#[test]
fn the_second_interrupt_does_not_wait() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    assert_eq!(watch.on(seconds(1), &Input::Wish(Wish::Interrupt)), Some(Act::PowerButton));
    assert_eq!(watch.on(seconds(2), &Input::Wish(Wish::Interrupt)), Some(Act::Kill));
    assert_eq!(end(watch), End::Killed);
}

#[test]
fn a_press_of_the_button_before_is_no_interrupt() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    assert_eq!(watch.on(seconds(1), &Input::Wish(Wish::PowerButton)), Some(Act::PowerButton));
    assert_eq!(watch.on(seconds(2), &Input::Wish(Wish::Interrupt)), Some(Act::PowerButton));
}

#[test]
fn a_stopped_machine_is_asked_why() {
    let mut watch = Watch::new(Until::Off, limits(), None);
    let stopped = Message::Event(QmpEvent::Stopped);
    assert_eq!(watch.on(seconds(1), &Input::Message(&stopped)), Some(Act::AskStatus));
    assert_eq!(watch.on(seconds(1), &Input::Message(&Message::Status("shutdown".into()))), None);
    let broken = Message::Status("internal-error".into());
    assert_eq!(watch.on(seconds(1), &Input::Message(&broken)), Some(Act::Kill));
    assert_eq!(end(watch), End::Broken("internal-error".into()));
}

#[test]
fn silence_is_broken_only_where_it_is_in_doubt() {
    let mut doubted = Watch::new(Until::Ready, limits(), Some(seconds(20)));
    assert_eq!(doubted.on(seconds(20), &Input::Time), Some(Act::Kill));
    assert!(matches!(end(doubted), End::Broken(_)));
    let mut spoke = Watch::new(Until::Ready, limits(), Some(seconds(20)));
    assert_eq!(spoke.on(seconds(1), &Input::Console), None);
    assert_eq!(spoke.on(seconds(20), &Input::Time), None);
    let mut trusted = Watch::new(Until::Ready, limits(), None);
    assert_eq!(trusted.on(seconds(20), &Input::Time), None);
}

#[test]
fn how_the_machine_went_off_tells_the_end() {
    let cases = [
        (shutdown(Origin::Guest, "guest-shutdown"), End::PoweredOff),
        (shutdown(Origin::Guest, "guest-reset"), End::Restarted),
        (shutdown(Origin::Guest, "guest-panic"), End::Panicked),
    ];
    for (message, expected) in cases {
        let mut watch = Watch::new(Until::Off, limits(), None);
        assert_eq!(watch.on(seconds(1), &Input::Message(&message)), None);
        assert_eq!(end(watch), expected);
    }
    for message in [shutdown(Origin::Host, "host-signal"), Message::Greeting] {
        let mut watch = Watch::new(Until::Off, limits(), None);
        watch.on(seconds(1), &Input::Message(&message));
        let died = End::Died { status: "signal: 15".into(), message: "terminating".into() };
        assert_eq!(watch.end("signal: 15".into(), "terminating".into()), died);
    }
}

#[test]
fn a_reset_by_the_watchdog_is_a_hang_and_one_by_the_guest_is_not() {
    let bite = Message::Event(QmpEvent::Watchdog { action: "reset".into() });
    let reset = reset();
    let over = shutdown(Origin::Guest, "guest-reset");
    for (messages, expected) in
        [(vec![&bite, &over], End::Hung), (vec![&bite, &reset, &over], End::Restarted)]
    {
        let mut watch = Watch::new(Until::Off, limits(), None);
        for message in messages {
            watch.on(seconds(1), &Input::Message(message));
        }
        assert_eq!(end(watch), expected);
    }
}

fn any_input() -> impl Strategy<Value = (u8, u64)> {
    (0u8..13, 0u64..20)
}

proptest! {
    /// Whatever happens, in whatever order: nothing is done after a kill, and a run with a limit for the whole is
    /// over when that is reached.
    #[test]
    fn a_run_ends_and_stays_ended(inputs in proptest::collection::vec(any_input(), 0..60), ready_goal: bool) {
        let until = if ready_goal { Until::Ready } else { Until::Off };
        let mut watch = Watch::new(until, limits(), Some(seconds(20)));
        let mut now = Duration::ZERO;
        let mut killed = false;
        let reports = [ready(), failed(), stopping(), stopping_for("fall-back")];
        let messages = [
            Message::Event(QmpEvent::Stopped),
            reset(),
            Message::Status("internal-error".into()),
            shutdown(Origin::Guest, "guest-shutdown"),
        ];
        for (kind, step) in inputs {
            now += seconds(step);
            let input = match kind {
                0..=3 => Input::Report(&reports[kind as usize]),
                4..=7 => Input::Message(&messages[kind as usize - 4]),
                8 => Input::Console,
                9 => Input::Wish(Wish::PowerButton),
                10 => Input::Wish(Wish::Interrupt),
                11 => Input::Wish(Wish::Kill),
                _ => Input::Time,
            };
            let act = watch.on(now, &input);
            prop_assert!(!(killed && act.is_some()));
            killed |= act == Some(Act::Kill);
        }
        let last = now.max(seconds(300));
        killed |= watch.on(last, &Input::Time) == Some(Act::Kill);
        prop_assert!(killed);
    }
}

/// A look each second at a machine that works so many milliseconds in each.
fn looks(watch: &mut Watch, from: u64, to: u64, milliseconds: u64) -> Option<Act> {
    let worked = |second| Duration::from_millis(second * milliseconds);
    (from..to).find_map(|second| watch.on(seconds(second), &Input::Worked(worked(second))))
}

fn which_may_stand_still(limits: Limits) -> Watch {
    Watch::new(Until::Off, limits, None).which_may_stand_still()
}

#[test]
fn a_guest_that_stands_still_before_it_reports_is_ended() {
    let mut watch = which_may_stand_still(limits());
    assert_eq!(looks(&mut watch, 0, 10, 900), None);
    let still = Input::Worked(seconds(10));
    let acts: Vec<_> = (10..40).filter(|second| watch.on(seconds(*second), &still).is_some()).collect();
    assert_eq!(acts, [30], "20 s after it worked the last time");
    assert_eq!(end(watch), End::Standstill);
}

/// What its processors do may be to wait.
#[test]
fn a_guest_that_reports_nothing_for_long_is_ended_however_busy_it_is() {
    let patient = Limits { ready: Some(seconds(180)), ..limits() };
    let mut watch = which_may_stand_still(patient);
    assert_eq!(watch.deadline(), Some(seconds(90)));
    assert_eq!(looks(&mut watch, 0, 90, 900), None);
    assert_eq!(watch.on(seconds(90), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::Standstill);
}

#[test]
fn a_guest_that_is_slow_or_has_reported_or_need_not_become_ready_is_left_alone() {
    assert_eq!(looks(&mut which_may_stand_still(limits()), 0, 60, 25), None);
    let mut watch = which_may_stand_still(Limits { ready: Some(seconds(180)), ..limits() });
    watch.on(seconds(1), &Input::Report(&failed()));
    assert_eq!(looks(&mut watch, 2, 179, 1), None);
    let endless = Limits { ready: None, ..limits() };
    assert_eq!(looks(&mut which_may_stand_still(endless), 0, 100, 1), None);
}

/// It was started once more, or KVM executes it.
#[test]
fn a_guest_that_may_not_stand_still_has_its_whole_time() {
    let mut watch = Watch::new(Until::Off, Limits { ready: Some(seconds(180)), ..limits() }, None);
    assert_eq!(looks(&mut watch, 0, 180, 1), None);
    assert_eq!(watch.on(seconds(180), &Input::Time), Some(Act::Kill));
    assert_eq!(end(watch), End::NotReady);
}
