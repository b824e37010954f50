//! The page as it is drawn.
//!
//! ```text
//! name, version, uptime, mode, health
//! load                  | memory
//! services              | links
//! containers, where there are any
//! log
//! keys
//! ```

mod gauges;
mod header;
mod lists;
mod log;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};

use super::state::{Contact, Panel, State};
use crate::view::{Mode, Tone};

/// Columns and lines below which nothing sensible fits.
const LEAST: (u16, u16) = (50, 14);

/// Draws the page.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("needs {} x {}: this is {} x {}", LEAST.0, LEAST.1, area.width, area.height);
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(2), Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    header::draw(frame, top, state);
    frame.render_widget(Paragraph::new(keys(state)), bottom);
    match (&state.info, &state.contact) {
        (Some(info), _) if info.mode() == Mode::Maintenance => header::maintenance(frame, middle, info),
        (Some(_), _) => body(frame, middle, state),
        (None, contact) => header::waiting(frame, middle, state.name(), contact),
    }
}

fn body(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let shown = state.shows(Panel::Containers);
    let containers = if shown { Constraint::Fill(2) } else { Constraint::Length(0) };
    let [gauges, lists, containers, log] =
        Layout::vertical([Constraint::Length(4), Constraint::Fill(2), containers, Constraint::Fill(3)])
            .areas(area);
    gauges::draw(frame, gauges, state);
    if shown {
        lists::containers(frame, containers, state);
    }
    let [services, links] =
        Layout::horizontal([Constraint::Percentage(58), Constraint::Percentage(42)]).areas(lists);
    lists::services(frame, services, state);
    lists::links(frame, links, state);
    log::draw(frame, log, state);
}

/// What can be done, at the bottom.
fn keys(state: &State) -> Line<'static> {
    if state.filter.typing {
        return pairs(&[("Enter", "keeps the filter"), ("Esc", "shows all lines")]);
    }
    let mut keys = vec![("q", "quit"), ("Tab", "panel"), ("↑↓", "scroll"), ("/", "filter")];
    if !state.filter.text.is_empty() {
        keys.push(("Esc", "all lines"));
    }
    if state.nodes.len() > 1 {
        keys.push(("n", "next node"));
    }
    pairs(&keys)
}

fn pairs(keys: &[(&'static str, &'static str)]) -> Line<'static> {
    let mut line = Line::default();
    for (key, what) in keys {
        line.push_span(Span::styled(format!(" {key} "), Style::new().add_modifier(Modifier::REVERSED)));
        line.push_span(Span::raw(format!(" {what}  ")));
    }
    line
}

/// The colours of a tone.
fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Waiting => Style::new().fg(Color::Yellow),
        Tone::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Tone::Faint => Style::new().add_modifier(Modifier::DIM),
    }
}

/// The frame of a panel; the one that keys move has a thick one.
fn panel(state: &State, panel: Panel, title: String) -> Block<'static> {
    let kind = if state.panel == panel { BorderType::Thick } else { BorderType::Plain };
    let block = Block::bordered().border_type(kind).title(title);
    // What is shown of a node that is gone is what was last seen.
    if matches!(state.contact, Contact::Lost { .. }) { block.border_style(style(Tone::Faint)) } else { block }
}
