//! Services, links and containers.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Span, Text};
use ratatui::widgets::{Cell, Row, Table};

use super::{panel, style};
use crate::dashboard::state::{Panel, State};
use crate::view::{Tone, milliseconds, printable, short_size, size};

/// The services: name, state, since when, memory, restarts.
pub(super) fn services(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let rows = state.services.iter().map(|service| {
        let word = service.state();
        let restarts = if service.restarts == 0 { String::new() } else { service.restarts.to_string() };
        Row::new([
            Cell::from(printable(&service.name)),
            Cell::from(Span::styled(word.text, style(word.tone))),
            right(milliseconds(service.since_ms)),
            right(size(service.memory_bytes)),
            right(restarts),
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(8),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(3),
    ];
    let header = Row::new([
        Cell::from("name"),
        Cell::from("state"),
        right("for".into()),
        right("memory".into()),
        right("rst".into()),
    ]);
    let table = Table::new(rows.skip(scrolled(state, Panel::Services)), widths);
    let block = panel(state, Panel::Services, format!(" services: {} ", state.services.len()));
    frame.render_widget(table.header(header.style(style(Tone::Faint))).block(block), area);
}

/// The links: name, state, what came and went, and below it the addresses or the problem.
pub(super) fn links(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let rows = state.links.iter().map(|link| {
        let word = link.state();
        let below = match &link.problem {
            Some(problem) => Span::styled(format!("  {}", printable(problem)), style(Tone::Bad)),
            None => Span::raw(format!("  {}", printable(&link.addresses.join(" ")))),
        };
        let (below, height) = if below.content.trim().is_empty() { (None, 1) } else { (Some(below), 2) };
        let traffic = format!("↓{} ↑{}", short_size(link.received_bytes), short_size(link.sent_bytes));
        let mut lines = vec![ratatui::text::Line::from(vec![
            Span::raw(format!("{:<8} ", printable(&link.name))),
            Span::styled(format!("{:<7} ", word.text), style(word.tone)),
            Span::raw(traffic),
        ])];
        lines.extend(below.map(ratatui::text::Line::from));
        Row::new([Cell::from(Text::from(lines))]).height(height)
    });
    let table = Table::new(rows.skip(scrolled(state, Panel::Links)), [Constraint::Fill(1)]);
    let block = panel(state, Panel::Links, format!(" links: {} ", state.links.len()));
    frame.render_widget(table.block(block), area);
}

/// The containers: name, state, since when, memory, restarts, and what is behind the state.
pub(super) fn containers(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let rows = state.containers.iter().map(|container| {
        let word = container.state();
        let restarts = if container.restarts == 0 { String::new() } else { container.restarts.to_string() };
        Row::new([
            Cell::from(printable(&container.name)),
            Cell::from(Span::styled(word.text, style(word.tone))),
            right(milliseconds(container.since_ms)),
            right(size(container.memory_bytes)),
            right(restarts),
            Cell::from(printable(container.detail.as_deref().unwrap_or_default())),
        ])
    });
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(8),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(3),
        Constraint::Fill(3),
    ];
    let header = Row::new([
        Cell::from("name"),
        Cell::from("state"),
        right("for".into()),
        right("memory".into()),
        right("rst".into()),
        Cell::from("detail"),
    ]);
    let table = Table::new(rows.skip(scrolled(state, Panel::Containers)), widths);
    let block = panel(state, Panel::Containers, format!(" containers: {} ", state.containers.len()));
    frame.render_widget(table.header(header.style(style(Tone::Faint))).block(block), area);
}

fn scrolled(state: &State, panel: Panel) -> usize {
    state.scroll[panel.place()]
}

fn right(text: String) -> Cell<'static> {
    Cell::from(Text::from(text).right_aligned())
}
