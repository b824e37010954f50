//! Facts about one thing, one on a line.

use std::fmt::Write as _;

use super::table::Tone;

/// Lines of titles and values, the values below each other. What has no value is left out.
pub(super) fn facts<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let facts: Vec<_> = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = facts.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (title, value) in facts {
        let _ = writeln!(out, "{}  {value}", Tone::Faint.paint(&format!("{title:<width$}")));
    }
    out
}

/// A text that says something, for fields that are null where there is nothing.
pub(super) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
