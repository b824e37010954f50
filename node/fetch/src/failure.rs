//! Why an image can't be fetched: a class for programs, a sentence for people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::MAX_QUOTE;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// There is no such image, or none for this platform.
    NotFound,
    /// The registry does not let the node have it.
    Unauthorised,
    /// Nobody answers, or nobody who is trusted, or not in time.
    Unreachable,
    /// The policy of the registry's settings does not let it run.
    RefusedByPolicy,
    /// Content is not what its digest or size says.
    Lies,
    /// What is said is not understood, by the registry or by one of us.
    Protocol,
    /// Something is larger than what is taken.
    TooLarge,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[error("{message}")]
pub struct Failure {
    /// Its kind.
    pub class: Class,
    /// What happened, for people.
    pub message: String,
}

impl Failure {
    /// A failure.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, message: message.into() }
    }

    /// With where it happened in front.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }
}

/// What a registry says, as part of a sentence: one line without control characters, and not for ever.
pub fn quote(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c });
    printable.take(MAX_QUOTE).collect::<String>().trim().to_owned()
}

/// Characters that turn the direction of what follows them.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn quotes_stay_one_line() {
    assert_eq!(quote("no\nsuch \u{1b}[31mimage\u{202e} "), "no such  [31mimage");
    assert_eq!(quote(&"x".repeat(9999)).len(), MAX_QUOTE);
}
