//! Why one try at one place failed, and whether another one may do better.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::header::RETRY_AFTER;

use crate::failure::{Class, Failure, quote};
use crate::http::{Answer, HttpError};

/// One try that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub failure: Failure,
    /// Whether it may go better.
    pub again: Again,
}

/// Whether the same try may go better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It can't.
    Never,
    /// Later, not before the time that was asked for.
    Later(Option<Duration>),
}

impl Again {
    /// The time that was asked for, if it may go better.
    pub fn asked(self) -> Option<Option<Duration>> {
        match self {
            Self::Never => None,
            Self::Later(asked) => Some(asked),
        }
    }
}

impl Fault {
    /// One that stays.
    pub fn never(class: Class, message: impl Into<String>) -> Self {
        Self { failure: Failure::new(class, message), again: Again::Never }
    }

    /// One that may pass.
    pub fn later(class: Class, message: impl Into<String>) -> Self {
        Self { failure: Failure::new(class, message), again: Again::Later(None) }
    }

    /// With where it happened in front.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self { failure: self.failure.at(place), ..self }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self { failure, again: Again::Never }
    }
}

impl From<HttpError> for Fault {
    fn from(error: HttpError) -> Self {
        let message = error.to_string();
        match error {
            // Whoever is not trusted now is not trusted in a second; nor will a server without TLS have it then.
            HttpError::Tls(rustls::Error::InvalidCertificate(_) | rustls::Error::InvalidMessage(_))
            | HttpError::Plain(_) => Self::never(Class::Unreachable, message),
            HttpError::Timeout(_) | HttpError::Connection(_) | HttpError::Tls(_) => {
                Self::later(Class::Unreachable, message)
            }
            HttpError::Answer(_) | HttpError::Redirect(..) | HttpError::Redirects => {
                Self::never(Class::Protocol, message)
            }
        }
    }
}

/// What an answer means that is none of content.
pub fn refusal(answer: &Answer, explanation: &[u8]) -> Fault {
    let status = answer.status;
    let explained = explain(explanation).map(|text| format!(": {text}")).unwrap_or_default();
    let message = |what: &str| format!("{what} (status {status}{explained})");
    // A store behind a registry is led to by addresses that end with time: the registry gives the next one.
    let class = match status {
        404 | 410 if !answer.is_elsewhere => {
            return Fault::never(Class::NotFound, message("there is no such content"));
        }
        401 | 403 if !answer.is_elsewhere => {
            return Fault::never(Class::Unauthorised, message("the node is not let in"));
        }
        408 | 425 | 429 | 500.. => Class::Unreachable,
        400..=499 if answer.is_elsewhere => Class::Unreachable,
        _ => return Fault::never(Class::Protocol, message("the answer is not expected")),
    };
    let asked =
        answer.header(RETRY_AFTER).and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    Fault { failure: Failure::new(class, message("there is no answer now")), again: Again::Later(asked) }
}

/// The registry's own words (distribution-spec, "Error codes").
fn explain(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Error>,
    }
    #[derive(Deserialize)]
    struct Error {
        code: String,
        message: Option<String>,
    }
    let errors: Errors = serde_json::from_slice(bytes).ok()?;
    let Error { code, message } = errors.errors.into_iter().next()?;
    Some(quote(&message.filter(|message| !message.is_empty()).unwrap_or(code)))
}

#[test]
fn the_words_of_a_registry_are_quoted() {
    let text =
        r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"1"}}]}"#;
    assert_eq!(explain(text.as_bytes()), Some("manifest unknown".into()));
    assert_eq!(explain(br#"{"errors":[{"code":"DENIED","message":""}]}"#), Some("DENIED".into()));
    assert_eq!(explain(b"<html>"), None);
}
