//! From one state of the page to the next.

use std::collections::VecDeque;

use super::action::{Action, Key, Seen};
use super::state::{Contact, HISTORY, LINES, Panel, Said, State};

/// Lines that a page key moves by.
const PAGE: usize = 10;

/// Letters of the longest filter.
const MAX_FILTER: usize = 60;

/// What the page is after an action.
pub(super) fn update(mut state: State, action: Action) -> State {
    match action {
        Action::Key(key) if state.filter.typing => type_filter(&mut state, key),
        Action::Key(key) => press(&mut state, key),
        Action::Resized => {}
        Action::Tick => {
            if let Contact::Lost { again, .. } = &mut state.contact {
                *again = again.saturating_sub(1);
            }
        }
        Action::Connecting => {
            // Until that is known to work or not, a person reads why it is tried.
            if !matches!(state.contact, Contact::Lost { .. }) {
                state.contact = Contact::Connecting;
            }
        }
        Action::Lost { why, help, again } => {
            state.contact = Contact::Lost { why, help, again: again.as_secs() };
        }
        Action::Seen(seen) => see(&mut state, *seen),
        Action::Log(line) => {
            if line.lost > 0 {
                say(&mut state, Said::lost(line.lost));
            }
            say(&mut state, Said::of_log(&line));
        }
        Action::Event(event) => say(&mut state, Said::of_event(&event)),
    }
    for panel in Panel::ALL {
        let most = state.length(panel).saturating_sub(1);
        let scroll = &mut state.scroll[panel.place()];
        *scroll = (*scroll).min(most);
    }
    state
}

fn see(state: &mut State, seen: Seen) {
    state.contact = Contact::Live;
    push(&mut state.load, seen.info.load_percent());
    push(&mut state.memory, seen.info.memory_percent());
    state.info = Some(seen.info);
    state.health = seen.health;
    if let Some(services) = seen.services {
        state.services = services.0;
    }
    if let Some(links) = seen.links {
        state.links = links.links;
    }
    if let Some(workloads) = seen.workloads {
        state.containers = workloads.workloads.into_iter().flat_map(|workload| workload.containers).collect();
        if !state.shows(state.panel) {
            state.panel = Panel::Services;
        }
    }
}

fn push(history: &mut VecDeque<u64>, value: u64) {
    if history.len() == HISTORY {
        history.pop_front();
    }
    history.push_back(value);
}

/// Adds a line. Who has scrolled up goes on seeing the same lines.
fn say(state: &mut State, said: Said) {
    let scroll = &mut state.scroll[Panel::Log.place()];
    if *scroll > 0 && said.holds(&state.filter.text.to_lowercase()) {
        *scroll += 1;
    }
    if state.log.len() == LINES {
        state.log.pop_front();
    }
    state.log.push_back(said);
}

fn press(state: &mut State, key: Key) {
    match key {
        Key::Letter('q') | Key::Interrupt => state.quit = true,
        Key::Tab => turn(state, 1),
        Key::BackTab => turn(state, Panel::ALL.len() - 1),
        Key::Letter('n') if state.nodes.len() > 1 => {
            let nodes = std::mem::take(&mut state.nodes);
            let current = (state.current + 1) % nodes.len();
            // Of the other node nothing is known yet, not even that it has containers.
            let panel = if state.panel == Panel::Containers { Panel::Services } else { state.panel };
            *state = State { current, panel, ..State::new(nodes) };
        }
        Key::Letter('/') => {
            state.filter.typing = true;
            state.panel = Panel::Log;
        }
        Key::Escape => state.filter.text.clear(),
        Key::Up | Key::Letter('k') => scroll(state, Towards::Start, 1),
        Key::Down | Key::Letter('j') => scroll(state, Towards::End, 1),
        Key::PageUp => scroll(state, Towards::Start, PAGE),
        Key::PageDown => scroll(state, Towards::End, PAGE),
        Key::Home => scroll(state, Towards::Start, usize::MAX),
        Key::End => scroll(state, Towards::End, usize::MAX),
        _ => {}
    }
}

fn type_filter(state: &mut State, key: Key) {
    match key {
        Key::Interrupt => state.quit = true,
        Key::Enter => state.filter.typing = false,
        Key::Escape => {
            state.filter.typing = false;
            state.filter.text.clear();
        }
        Key::Backspace => {
            state.filter.text.pop();
        }
        Key::Letter(letter) if state.filter.text.chars().count() < MAX_FILTER => {
            state.filter.text.push(letter);
        }
        _ => {}
    }
}

fn turn(state: &mut State, by: usize) {
    loop {
        state.panel = Panel::ALL[(state.panel.place() + by) % Panel::ALL.len()];
        // Some of them always are on the page.
        if state.shows(state.panel) {
            return;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Start,
    End,
}

/// Lists count from their top, the log from its end.
fn scroll(state: &mut State, towards: Towards, lines: usize) {
    let more = (towards == Towards::End) != (state.panel == Panel::Log);
    let scroll = &mut state.scroll[state.panel.place()];
    *scroll = if more { scroll.saturating_add(lines) } else { scroll.saturating_sub(lines) };
}
