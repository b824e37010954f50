//! Removes secrets from any text before it leaves the node: private keys in PEM, pairing codes, values whose names say
//! that they are secrets, passwords in addresses, and secrets that the caller knows.
//!
//! It can't know what a text means, so it removes too much rather than too little. It works line by line with a little
//! state for values that go over several lines.

mod line;
mod name;
mod value;

use std::borrow::Cow;

use line::{Line, redact_line};
use value::Open;

/// What stands where a secret was.
pub const REMOVED: &str = "(removed)";

/// Shorter secrets are not searched for: every text would be full of them.
const MIN_KNOWN: usize = 4;

/// Lines of the longest private key, RSA of 16,384 bits, with room. What is still open then was no key.
const MAX_PEM_LINES: usize = 400;

/// Removes secrets from texts.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("known", &self.known.len()).finish()
    }
}

impl Redactor {
    /// One that also removes these, wherever they stand: the values of the secret keys of the configuration, the
    /// pairing code. Of a secret of several lines each line is removed. Shorter ones than four bytes are left out.
    pub fn new(known: impl IntoIterator<Item = String>) -> Self {
        let mut lines: Vec<String> = known
            .into_iter()
            .flat_map(|secret| secret.lines().map(|line| line.trim().to_string()).collect::<Vec<_>>())
            // The first line of a key is how other keys are found.
            .filter(|line| line.len() >= MIN_KNOWN && !line.starts_with("-----"))
            .collect();
        // The longest first: one may be part of another.
        lines.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        lines.dedup();
        Self { known: lines }
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.known {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REMOVED));
            }
        }
        let mut state = State::Plain;
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            state = state.step(line, &mut out);
        }
        out
    }
}

/// What goes on in the lines to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Plain,
    /// A private key, for at most so many lines.
    Pem(usize),
    /// A table of TOML that is named as a secret.
    Table,
    /// A value that is not at its end.
    Value(Open),
}

impl State {
    fn step(self, line: &str, out: &mut String) -> Self {
        let goes_on = match self {
            Self::Plain | Self::Pem(0) => false,
            Self::Pem(left) => {
                return line::pem_end(line).map_or(Self::Pem(left - 1), |rest| plain(rest, out));
            }
            Self::Table => name::table(line).is_none(),
            Self::Value(open) => match open.step(line) {
                value::Step::GoesOn(open) => return Self::Value(open),
                value::Step::Rest(rest) => return plain(rest, out),
                value::Step::NotOfIt => false,
            },
        };
        if goes_on { self } else { plain(line, out) }
    }
}

/// A line outside of everything that goes over several.
fn plain(line: &str, out: &mut String) -> State {
    if name::table(line).is_some_and(name::is_secret) {
        out.push_str(line);
        out.push('\n');
        out.push_str(REMOVED);
        out.push('\n');
        return State::Table;
    }
    let Line { text, open } = redact_line(line);
    out.push_str(&text);
    out.push('\n');
    match open {
        line::Rest::None => State::Plain,
        line::Rest::Pem => State::Pem(MAX_PEM_LINES),
        line::Rest::Value(open) => State::Value(open),
    }
}

#[cfg(test)]
mod tests;
