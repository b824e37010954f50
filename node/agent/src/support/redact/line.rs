//! Secrets within one line.

use super::REMOVED;
use super::name::{is_name, is_secret};
use super::value::{self, Open, Place};

/// Words before which a secret stands: schemes of HTTP authorisation.
const SCHEMES: [&str; 3] = ["bearer", "basic", "digest"];
/// Digits of a pairing code, and of the groups that it is shown in.
const CODE: usize = 12;
const GROUP: usize = 4;

/// A line without its secrets.
#[derive(Debug)]
pub struct Line {
    /// What may be shown.
    pub text: String,
    /// What goes on in the next line.
    pub open: Rest,
}

/// What goes on in the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    None,
    /// A private key.
    Pem,
    /// The value of a secret.
    Value(Open),
}

/// Removes secrets from a line.
pub fn redact_line(line: &str) -> Line {
    let indent = line.len() - line.trim_start().len();
    let mut text = String::with_capacity(line.len());
    let mut open = Rest::None;
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((before, secret, after)) = next_secret(line, rest, at, indent) else {
            text.push_str(rest);
            break;
        };
        text.push_str(rest.get(..before).unwrap_or_default());
        text.push_str(REMOVED);
        open = after;
        at += before + secret.max(1);
        // A cut between the bytes of a character would show the rest of it as nothing; there is none, but the end of
        // the line is safe.
        if !line.is_char_boundary(at) {
            break;
        }
    }
    Line { text, open }
}

/// What comes after the end of a private key, if the line holds it.
pub fn pem_end(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("-----END ")?;
    Some(rest.split_once("-----").map_or("", |(_, rest)| rest))
}

/// The first secret in `rest`, which begins at byte `at` of the line: bytes before it, its bytes, and what is open
/// after it.
fn next_secret(line: &str, rest: &str, at: usize, indent: usize) -> Option<(usize, usize, Rest)> {
    for (here, character) in rest.char_indices() {
        let tail = rest.get(here..).unwrap_or_default();
        let found = match character {
            '-' if tail.starts_with("-----BEGIN ") => private_key(tail),
            '-' => flag(line, at + here, tail),
            ':' if tail.starts_with("://") => password_in_address(tail),
            '=' | ':' => named(line, at + here, indent, character),
            _ if starts_word(line, at + here) && character.is_ascii_alphanumeric() => {
                scheme(tail).or_else(|| code(line, at + here, tail))
            }
            _ => None,
        };
        if let Some((skip, length, open)) = found {
            return Some((here + skip, length, open));
        }
    }
    None
}

/// A finding relative to where it was looked for: bytes to keep, bytes to remove, what is open.
type Finding = Option<(usize, usize, Rest)>;

fn private_key(tail: &str) -> Finding {
    let label_end = tail.get(11..)?.find("-----")? + 11;
    if !tail.get(..label_end)?.contains("PRIVATE KEY") {
        return None;
    }
    match pem_end(tail) {
        Some(rest) => Some((0, tail.len() - rest.len(), Rest::None)),
        None => Some((0, tail.len(), Rest::Pem)),
    }
}

/// `NAME = VALUE`, `NAME: VALUE`, `"NAME": "VALUE"`, with the separator at byte `at` of the line.
fn named(line: &str, at: usize, indent: usize, separator: char) -> Finding {
    let before = line.get(..at)?.trim_end().trim_end_matches(['"', '\'', '\\']);
    let begin = before.char_indices().rev().take_while(|(_, c)| is_name(*c)).last()?.0;
    let name = before.get(begin..)?;
    let is_pair =
        || name.eq_ignore_ascii_case("value") && names_secret(before.get(..begin).unwrap_or_default());
    if !is_secret(name) && !is_pair() {
        return None;
    }
    let lead = before.get(..begin)?.trim().trim_matches(['"', '\'', '-']).trim();
    let place = Place { separator, first: lead.is_empty() || lead == "export", indent };
    let after = line.get(at + 1..)?;
    // The separators `:=`, `==` and `=>`.
    let more = after.len() - after.trim_start_matches(['=', '>']).len();
    let text = after.get(more..)?;
    let (length, open) = value::end(text, place);
    let blanks = text.len() - text.trim_start().len();
    // Something already taken away, or nothing there and nothing to come.
    if open.is_none() && (length <= blanks || text.trim() == REMOVED) {
        return None;
    }
    let open = open.map_or(Rest::None, Rest::Value);
    let blanks = blanks.min(length);
    Some((1 + more + blanks, length - blanks, open))
}

/// Whether a text ends in `"name": "TOKEN",`, as lists of variables are written; what comes next is the value.
fn names_secret(before: &str) -> bool {
    let mut words = before.split(|c| !is_name(c)).rev().filter(|word| !word.is_empty());
    let (secret, label) = (words.next(), words.next());
    secret.is_some_and(is_secret) && label.is_some_and(|label| label.eq_ignore_ascii_case("name"))
}

/// `--token VALUE`
fn flag(line: &str, at: usize, tail: &str) -> Finding {
    if !starts_word(line, at) {
        return None;
    }
    let end = tail.find(|c: char| !is_name(c))?;
    let (name, value) = tail.split_at(end);
    let trimmed = value.trim_start_matches(' ');
    let is_value = trimmed.len() < value.len() && !trimmed.starts_with('-') && !trimmed.is_empty();
    if !is_value || !is_secret(name) {
        return None;
    }
    let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    Some((tail.len() - trimmed.len(), length, Rest::None))
}

/// `://USER:PASSWORD@HOST`
fn password_in_address(tail: &str) -> Finding {
    let authority = tail.get(3..)?;
    let end = authority.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>'));
    let authority = authority.get(..end.unwrap_or(authority.len()))?;
    let (user, _) = authority.rsplit_once('@')?;
    // Without a colon the whole may be a token.
    let keep = user.find(':').map_or(0, |at| at + 1);
    (user.len() > keep).then_some((3 + keep, user.len() - keep, Rest::None))
}

/// `Bearer VALUE`
fn scheme(tail: &str) -> Finding {
    let (word, value) = tail.split_once(' ')?;
    let length = value.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(value.len());
    let is_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
    (is_scheme && length >= 8).then_some((word.len() + 1, length, Rest::None))
}

/// `XXXX-XXXX-XXXX` with digits of Crockford's base 32, wherever it stands; without dashes behind the word `code`.
fn code(line: &str, at: usize, tail: &str) -> Finding {
    let word = tail.get(..tail.find(|c: char| !is_name(c) || c == '.').unwrap_or(tail.len()))?;
    let is_digit = |c: char| c.is_ascii_alphanumeric() && !matches!(c, 'U' | 'u');
    let digits = word.chars().filter(|c| *c != '-').count();
    if digits != CODE || !word.chars().all(|c| is_digit(c) || c == '-') {
        return None;
    }
    let grouped = word.split('-').all(|group| group.len() == GROUP);
    let announced = || {
        let before = line.get(..at).unwrap_or_default().to_ascii_lowercase();
        before
            .split_whitespace()
            .rev()
            .take(3)
            .any(|word| word.trim_end_matches([':', '=']).ends_with("code"))
    };
    (grouped || announced()).then_some((0, word.len(), Rest::None))
}

/// Whether what is at this byte begins a word.
fn starts_word(line: &str, at: usize) -> bool {
    line.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !is_name(c))
}
