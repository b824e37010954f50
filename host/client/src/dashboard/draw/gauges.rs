//! Load and memory: how much of it now, and how it went.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Sparkline};

use super::style;
use crate::dashboard::state::State;
use crate::view::Tone;

/// Percent from which on there is little left.
const MUCH: u64 = 70;
/// Percent from which on there is as good as nothing left.
const TOO_MUCH: u64 = 90;

/// Draws both beside each other.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let Some(info) = &state.info else { return };
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    gauge(frame, left, format!(" load {} ", info.load_words()), &state.load);
    gauge(frame, right, format!(" memory {} ", info.memory_words()), &state.memory);
}

fn gauge(frame: &mut Frame<'_>, area: Rect, title: String, history: &VecDeque<u64>) {
    let now = history.back().copied().unwrap_or_default();
    let tone = match now {
        TOO_MUCH.. => Tone::Bad,
        MUCH.. => Tone::Waiting,
        _ => Tone::Good,
    };
    let block = Block::bordered().title(title);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let [bar, sparkline] = Layout::vertical([Constraint::Length(1), Constraint::Length(1)]).areas(inside);
    let columns = u64::from(inside.width.saturating_sub(6));
    let filled = (now.min(100) * columns / 100) as usize;
    let empty = columns as usize - filled;
    let text = format!("{}{} {now:>3} %", "█".repeat(filled), "░".repeat(empty));
    frame.render_widget(Paragraph::new(Line::styled(text, style(tone))), bar);
    // The newest at the right, so that it moves to the left.
    let shown = history.len().min(usize::from(sparkline.width));
    let data: Vec<u64> = history.iter().skip(history.len() - shown).map(|value| (*value).min(100)).collect();
    let place = Rect { x: sparkline.right() - shown as u16, width: shown as u16, ..sparkline };
    frame.render_widget(Sparkline::default().data(data).max(100).style(style(Tone::Faint)), place);
}
