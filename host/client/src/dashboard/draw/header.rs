//! The two lines at the top, and what stands in place of the rest while there is nothing to show.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};

use super::style;
use crate::dashboard::state::{Contact, State};
use crate::view::{Info, Tone, duration, printable};

/// Name, version and uptime; below it mode and health, or that the node is gone.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut first = Line::from(Span::styled(state.name().to_owned(), bold));
    if state.nodes.len() > 1 {
        first.push_span(format!(" ({} of {})", state.current + 1, state.nodes.len()));
    }
    let mut second = Line::default();
    if let Some(info) = &state.info {
        let hostname = printable(info.hostname());
        let named = if hostname == state.name() { String::new() } else { format!("  {hostname}") };
        first.push_span(format!(
            "{named}  {}  up {}",
            printable(info.system().trim()),
            duration(info.uptime())
        ));
        let mode = info.mode().cell();
        second.push_span(Span::styled(mode.text, style(mode.tone)));
    }
    if let Some(health) = &state.health {
        let verdict = health.verdict().cell();
        second.push_span(Span::styled(format!("  {}", verdict.text), style(verdict.tone)));
        if let Some(complaint) = health.complaints().next() {
            second.push_span(Span::styled(format!("  {complaint}"), style(Tone::Waiting)));
        }
    }
    if let (Some(_), Contact::Lost { why, again, .. }) = (&state.info, &state.contact) {
        let text = format!("LOST  {}  {}", printable(&first_line(why)), next(*again));
        second = Line::from(Span::styled(text, style(Tone::Bad)));
    }
    frame.render_widget(Paragraph::new(vec![first, second]), area);
}

/// A node that was never seen.
pub(super) fn waiting(frame: &mut Frame<'_>, area: Rect, name: &str, contact: &Contact) {
    let mut lines = Vec::new();
    match contact {
        Contact::Lost { why, help, again } => {
            lines.extend(why.lines().map(|line| Line::styled(printable(line), style(Tone::Bad))));
            lines.extend(help.as_deref().map(|help| Line::raw(printable(help))));
            lines.extend([Line::default(), Line::raw(next(*again))]);
        }
        Contact::Connecting | Contact::Live => lines.push(Line::raw(format!("connecting to {name} ..."))),
    }
    let block = Block::bordered().title(" no connection ");
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

/// A node that waits for a person.
pub(super) fn maintenance(frame: &mut Frame<'_>, area: Rect, info: &Info) {
    let reason = info.reason().unwrap_or("it does not say why");
    let lines = vec![
        Line::raw("This node runs nothing and waits for a person:"),
        Line::styled(printable(reason), style(Tone::Waiting)),
        Line::default(),
        Line::raw("Its console shows a pairing code, with which it takes a configuration:"),
        Line::raw("  corten node pair ADDRESS --code CODE --config FILE --keys FOLDER"),
        Line::default(),
        Line::raw("Its certificate has the fingerprint"),
        Line::raw(format!("  {}", printable(info.fingerprint()))),
    ];
    let block = Block::bordered().title(" maintenance ");
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

fn next(seconds: u64) -> String {
    if seconds == 0 { "trying again ...".to_owned() } else { format!("next attempt in {seconds} s") }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
