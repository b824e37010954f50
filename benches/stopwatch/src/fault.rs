//! What can go wrong with a measurement.

use std::io;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// How it was called.
    #[error("expected corten STARTS CROWD, peers STARTS CROWD, first, or relay")]
    Arguments,
    /// The system.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        error: io::Error,
    },
    /// No connection to the API.
    #[error("no connection to the API: {0:?}")]
    Transport(#[from] tonic::transport::Error),
    /// The API refuses.
    #[error("{what}: {status}")]
    Refused {
        /// What was asked for.
        what: String,
        /// The answer.
        status: Box<tonic::Status>,
    },
    /// A command failed.
    #[error("{command}: {said}")]
    Command {
        /// It and its arguments.
        command: String,
        /// What it said.
        said: String,
    },
    /// Something is not as it has to be for a measurement.
    #[error("{0}")]
    Odd(String),
}

impl Fault {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }

    pub(crate) fn refused(what: impl Into<String>) -> impl FnOnce(tonic::Status) -> Self {
        let what = what.into();
        move |status| Self::Refused { what, status: Box::new(status) }
    }
}
