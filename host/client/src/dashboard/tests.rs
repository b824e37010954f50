//! Screens of the dashboard as snapshots, and its keys.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::action::{Action, Key, Seen};
use super::draw::draw;
use super::state::{Contact, Panel, State};
use super::update::update;
use crate::view::samples;

fn drawn(state: &State, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it is in memory");
    terminal.draw(|frame| draw(frame, state)).expect("it is in memory");
    terminal.backend().to_string()
}

fn seen() -> Action {
    Action::Seen(Box::new(Seen {
        info: samples::info().into(),
        health: Some(samples::health().into()),
        services: Some(samples::services().into()),
        links: Some(samples::links().into()),
        workloads: None,
    }))
}

fn with_containers() -> Action {
    let Action::Seen(seen) = seen() else { unreachable!("it is made so") };
    Action::Seen(Box::new(Seen { workloads: Some(samples::workloads().into()), ..*seen }))
}

fn after(actions: impl IntoIterator<Item = Action>) -> State {
    actions.into_iter().fold(State::new(vec!["lab".into(), "node-4".into()]), update)
}

fn keys(text: &str) -> impl Iterator<Item = Action> {
    text.chars().map(|letter| Action::Key(Key::Letter(letter)))
}

fn live() -> Vec<Action> {
    let mut actions = vec![Action::Connecting];
    // Load and memory that change, for their history.
    for second in 0..30u32 {
        let mut info = samples::info();
        info.load_1 = f64::from(second) * 0.06;
        info.memory_used_bytes = u64::from(100 + second * 12) << 20;
        let Action::Seen(seen) = seen() else { unreachable!("it is made so") };
        actions.push(Action::Seen(Box::new(Seen { info: info.into(), ..*seen })));
    }
    actions.extend(samples::log_lines().into_iter().map(|line| Action::Log(line.into())));
    actions.extend(samples::events().into_iter().map(|event| Action::Event(event.into())));
    actions
}

fn lost() -> Action {
    Action::Lost {
        why: "192.0.2.4:7443: nothing listens there".into(),
        help: Some("is the node up, and does it listen on this port?".into()),
        again: Duration::from_secs(4),
    }
}

#[test]
fn a_page_of_a_small_terminal() {
    insta::assert_snapshot!(drawn(&after(live()), 80, 24));
}

#[test]
fn a_page_of_a_large_terminal() {
    insta::assert_snapshot!(drawn(&after(live()), 120, 40));
}

#[test]
fn a_page_with_containers() {
    let state = || after(live().into_iter().chain([with_containers()]));
    insta::assert_snapshot!(format!("{}\n{}", drawn(&state(), 80, 24), drawn(&state(), 120, 40)));
}

#[test]
fn a_panel_that_is_not_on_the_page_is_passed_over() {
    let tabs = |count| (0..count).map(|_| Action::Key(Key::Tab));
    assert_eq!(after(live().into_iter().chain(tabs(2))).panel, Panel::Log);
    let with =
        |more: Vec<Action>| after(live().into_iter().chain([with_containers()]).chain(tabs(2)).chain(more));
    assert_eq!(with(Vec::new()).panel, Panel::Containers);
    let Action::Seen(without) = seen() else { unreachable!("it is made so") };
    let none = corten_api::v1::ListWorkloadsResponse::default();
    let without = Seen { workloads: Some(none.into()), ..*without };
    assert_eq!(with(vec![Action::Seen(Box::new(without))]).panel, Panel::Services);
    assert_eq!(with(keys("n").collect()).panel, Panel::Services);
}

#[test]
fn a_node_that_is_connected_to() {
    insta::assert_snapshot!(drawn(&after([Action::Connecting]), 80, 24));
}

#[test]
fn a_node_that_was_never_there_and_one_that_went_away() {
    let never = drawn(&after([lost(), Action::Tick]), 80, 24);
    let away = drawn(&after(live().into_iter().chain([lost()])), 80, 24);
    insta::assert_snapshot!(format!("{never}\n{away}"));
}

#[test]
fn a_node_in_maintenance() {
    let info = samples::in_maintenance().into();
    let seen = Seen { info, health: None, services: None, links: None, workloads: None };
    insta::assert_snapshot!(drawn(&after([Action::Seen(Box::new(seen))]), 80, 24));
}

#[test]
fn a_filter_that_is_typed_and_one_that_is_kept() {
    let typing = after(live().into_iter().chain(keys("/kern")));
    let kept = after(live().into_iter().chain(keys("/kern")).chain([Action::Key(Key::Enter)]));
    assert_eq!(kept.lines().count(), 2);
    insta::assert_snapshot!(format!("{}\n{}", drawn(&typing, 80, 24), drawn(&kept, 80, 24)));
}

#[test]
fn a_terminal_that_is_too_small_is_told_what_it_takes() {
    insta::assert_snapshot!(drawn(&after(live()), 40, 10));
}

#[test]
fn seconds_until_the_next_attempt_count_down() {
    let again = |ticks| match after(std::iter::once(lost()).chain((0..ticks).map(|_| Action::Tick))).contact {
        Contact::Lost { again, .. } => Some(again),
        _ => None,
    };
    assert_eq!([0, 3, 9].map(again), [Some(4), Some(1), Some(0)]);
    // Why it is tried again is read until it is known how that went.
    assert!(matches!(after([lost(), Action::Connecting]).contact, Contact::Lost { .. }));
    assert_eq!(after([lost(), Action::Connecting, seen()]).contact, Contact::Live);
}

#[test]
fn another_node_starts_with_nothing_of_the_one_before() {
    let state = after(live().into_iter().chain(keys("n")));
    assert_eq!((state.current, state.name()), (1, "node-4"));
    assert!(state.info.is_none() && state.log.is_empty() && state.services.is_empty());
    assert_eq!(after(keys("nn")).current, 0);
}

#[test]
fn who_has_scrolled_the_log_goes_on_seeing_the_same_lines() {
    let up = [Key::Tab, Key::Tab, Key::Up, Key::Up].map(Action::Key);
    let before = after(live().into_iter().chain(up.clone()));
    let line = || samples::log_lines().into_iter().next().map(|line| Action::Log(line.into()));
    let later = after(live().into_iter().chain(up).chain(line()));
    assert_eq!(before.panel, Panel::Log);
    assert_eq!((before.scroll[Panel::Log.place()], later.scroll[Panel::Log.place()]), (2, 3));
    let visible = |state: &State| {
        state
            .lines()
            .rev()
            .skip(state.scroll[Panel::Log.place()])
            .take(3)
            .map(|said| said.text.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(visible(&before), visible(&later));
}

#[test]
fn a_list_is_not_scrolled_beyond_its_end() {
    let state = after(live().into_iter().chain([Action::Key(Key::End)]));
    assert_eq!(state.scroll[0], 3);
    let state = update(state, Action::Key(Key::Home));
    assert_eq!(state.scroll[0], 0);
}

#[test]
fn q_ends_the_page_but_is_a_letter_of_a_filter() {
    assert!(after(keys("q")).quit);
    assert!(!after(keys("/q")).quit);
    assert!(after(keys("/q").chain([Action::Key(Key::Interrupt)])).quit);
}

fn actions() -> impl Strategy<Value = Action> {
    let key = prop_oneof![
        any::<char>().prop_map(Key::Letter),
        proptest::sample::select(vec![
            Key::Letter('/'),
            Key::Letter('n'),
            Key::Tab,
            Key::BackTab,
            Key::Up,
            Key::Down,
            Key::PageUp,
            Key::PageDown,
            Key::Home,
            Key::End,
            Key::Enter,
            Key::Escape,
            Key::Backspace,
        ]),
    ];
    let line = (".{0,200}", any::<u32>(), any::<i64>()).prop_map(|(text, level, at_ns)| {
        let line = corten_api::v1::LogLine { text, level, at_ns, ..corten_api::v1::LogLine::default() };
        Action::Log(line.into())
    });
    let seen = (any::<f64>(), any::<u64>(), any::<u64>(), ".{0,40}", any::<u32>()).prop_map(
        |(load_1, memory_bytes, memory_used_bytes, hostname, processors)| {
            let info = corten_api::v1::InfoResponse {
                load_1,
                memory_bytes,
                memory_used_bytes,
                hostname,
                processors,
                ..corten_api::v1::InfoResponse::default()
            };
            let services = Some(samples::services().into());
            let workloads = Some(samples::workloads().into()).filter(|_| processors % 2 == 0);
            Action::Seen(Box::new(Seen { info: info.into(), health: None, services, links: None, workloads }))
        },
    );
    prop_oneof![
        key.prop_map(Action::Key),
        line,
        seen,
        Just(lost()),
        Just(Action::Tick),
        Just(Action::Connecting)
    ]
}

proptest! {
    #[test]
    fn whatever_happens_is_drawn(
        actions in proptest::collection::vec(actions(), 0..30), width in 1u16..150, height in 1u16..60,
    ) {
        let state = after(actions);
        for panel in Panel::ALL {
            prop_assert!(state.scroll[panel.place()] <= state.length(panel).saturating_sub(1));
        }
        let page = drawn(&state, width, height);
        prop_assert_eq!(page.lines().count(), usize::from(height));
    }
}
