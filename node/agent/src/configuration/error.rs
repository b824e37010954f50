//! Why a configuration is not applied or not confirmed.

use std::io;
use std::path::PathBuf;

use corten_config::Report;

/// Why a document does not become the operator's.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Something is wrong in it, or in it together with the other documents.
    #[error("{0}")]
    Invalid(Report),
    /// Another one is on trial.
    #[error(
        "configuration {generation} is on trial for {seconds_left} s more; confirm it or wait until it went back"
    )]
    OnTrial {
        /// Number of the one on trial.
        generation: u64,
        /// Seconds until it goes back, rounded up.
        seconds_left: u64,
    },
    /// A trial of this length makes no sense.
    #[error("a trial of {seconds} s; expected 10 to 3600")]
    TrialLength {
        /// What was asked for.
        seconds: u64,
    },
    /// Nothing would be left of it at the next start.
    #[error("the node has no state that would keep a configuration for the next start; apply it now")]
    NoState,
    /// Without it, the node could not tell the next start from this one.
    #[error("the kernel does not say which start this is; apply the configuration now")]
    NoBootId,
    /// It can't be kept; nothing has changed.
    #[error("the configuration can't be kept, so nothing was changed: {0}")]
    Store(#[from] StoreError),
    /// The agent is going down.
    #[error("the agent is going down")]
    GoingDown,
}

/// Why a configuration is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// None is on trial.
    #[error("no configuration is on trial")]
    NoTrial,
    /// Another one is.
    #[error("configuration {asked} is not on trial, {running} is")]
    Other {
        /// Which was to be confirmed.
        asked: u64,
        /// Which is on trial.
        running: u64,
    },
    /// It can't be kept; the trial goes on.
    #[error("the configuration can't be kept, so its trial goes on: {0}")]
    Store(#[from] StoreError),
    /// The agent is going down.
    #[error("the agent is going down")]
    GoingDown,
}

/// A file of the configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is too large.
    #[error("{}: larger than {limit} bytes", path.display())]
    TooLarge {
        /// Which one.
        path: PathBuf,
        /// Bytes that it may have.
        limit: u64,
    },
    /// It does not hold what it should.
    #[error("{}: {what}", path.display())]
    Content {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl StoreError {
    /// The file that is meant.
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::Io { path, .. } | Self::TooLarge { path, .. } | Self::Content { path, .. } => path,
        }
    }

    /// What is wrong, without the path.
    pub fn what(&self) -> String {
        match self {
            Self::Io { error, .. } => error.to_string(),
            Self::TooLarge { limit, .. } => format!("larger than {limit} bytes"),
            Self::Content { what, .. } => what.clone(),
        }
    }
}
