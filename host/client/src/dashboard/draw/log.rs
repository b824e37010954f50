//! The end of the log.

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{panel, style};
use crate::dashboard::state::{Panel, Said, State};
use crate::view::{Tone, cut};

/// Columns of a source.
const SOURCE: usize = 12;

/// Draws the lines that fit, the newest at the bottom, unless a person has scrolled.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let scrolled = state.scroll[Panel::Log.place()];
    let block = panel(state, Panel::Log, title(state, scrolled));
    let inside = block.inner(area);
    let room = usize::from(inside.height);
    let mut lines: Vec<Line<'_>> = state.lines().rev().skip(scrolled).take(room).map(line).collect();
    lines.reverse();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn title(state: &State, scrolled: usize) -> String {
    let mut title = " log ".to_owned();
    if state.filter.typing {
        let _ = write!(title, "/{}▏ ", state.filter.text);
    } else if !state.filter.text.is_empty() {
        let _ = write!(title, "/{} ", state.filter.text);
    }
    if scrolled > 0 {
        let _ = write!(title, "({scrolled} newer below) ");
    }
    title
}

fn line(said: &Said) -> Line<'_> {
    Line::from(vec![
        Span::styled(format!("{:<8} ", said.at), style(Tone::Faint)),
        Span::raw(format!("{:<SOURCE$} ", cut(&said.source, SOURCE))),
        Span::styled(said.text.as_str(), style(said.tone)),
    ])
}
