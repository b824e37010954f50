//! Why a text is not the value that it should be.

use crate::nearest::nearest;

/// Why a text is not the value that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct BadValue {
    /// What was expected, in words that follow "expected".
    pub expected: String,
    /// What the writer probably meant.
    pub meant: Option<String>,
}

impl BadValue {
    /// What was expected.
    pub fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), meant: None }
    }

    /// What was expected and what was probably meant.
    pub fn or(expected: impl Into<String>, meant: impl Into<String>) -> Self {
        Self { expected: expected.into(), meant: Some(meant.into()) }
    }

    /// The error for a text that is none of `names`.
    pub fn not_among(text: &str, names: &[&str]) -> Self {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let expected = match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => "nothing".into(),
        };
        Self { expected, meant: nearest(text, names.iter().copied()).map(str::to_owned) }
    }
}
