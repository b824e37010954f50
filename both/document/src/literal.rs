//! Texts as TOML writes them, and as messages show them.

use std::borrow::Cow;
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

/// An address without the user and the password in it (RFC 3986, section 3.2.1).
fn without_login(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return Cow::Borrowed(text) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => Cow::Owned(format!("{scheme}://…@{host}{path}")),
        None => Cow::Borrowed(text),
    }
}

/// A text as a message shows it: as TOML writes it, on one line, a long one shortened, a private key not at all, an
/// address without what its owner logs in with.
pub fn shown(text: &str) -> String {
    if text.contains("PRIVATE KEY-----") {
        return "a private key".into();
    }
    let text = without_login(text);
    let first = text.lines().next().unwrap_or_default();
    let start: String = first.chars().take(SHOWN).collect();
    match text.len() - start.len() {
        0 => literal(&start),
        rest => format!("{} and {rest} more bytes", literal(&start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        for (text, seen) in [
            ("https://host:5000/path@x", "\"https://host:5000/path@x\""),
            ("https://ann:hunter2@host:5000/path", "\"https://…@host:5000/path\""),
            ("http://ann:hun@ter2@host", "\"http://…@host\""),
            ("-----BEGIN EC PRIVATE KEY-----\nabc", "a private key"),
            ("ann@host", "\"ann@host\""),
        ] {
            assert_eq!(shown(text), seen);
        }
    }
}
