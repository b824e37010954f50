//! Texts as TOML writes them, and as messages show them.

use std::fmt::Write as _;

/// Longest value that a message shows whole, characters.
pub(crate) const SHOWN: usize = 120;

/// A text as a string of TOML, on one line.
pub fn literal(text: &str) -> String {
    let written = toml::Value::String(text.to_owned()).to_string();
    // The library writes several lines where there are some, and signs for that where there are quotes of both kinds.
    if written.starts_with("\"\"\"") || written.starts_with("'''") {
        return format!("\"{}\"", escaped(text));
    }
    written
}

/// The inside of a basic string.
fn escaped(text: &str) -> String {
    let mut inside = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => inside.push_str("\\\""),
            '\\' => inside.push_str("\\\\"),
            '\n' => inside.push_str("\\n"),
            '\r' => inside.push_str("\\r"),
            '\t' => inside.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(inside, "\\u{:04X}", u32::from(c));
            }
            c => inside.push(c),
        }
    }
    inside
}

/// A text as a message shows it: as TOML writes it, on one line, a long one shortened, a private key not at all.
pub fn shown(text: &str) -> String {
    if text.contains("PRIVATE KEY-----") {
        return "a private key".into();
    }
    let first = text.lines().next().unwrap_or_default();
    let start: String = first.chars().take(SHOWN).collect();
    match text.len() - start.len() {
        0 => literal(&start),
        rest => format!("{} and {rest} more bytes", literal(&start)),
    }
}
