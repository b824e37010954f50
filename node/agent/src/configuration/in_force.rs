//! What is in force: all that others of the agent see of the configuration.

use std::sync::Arc;

use corten_config::{Merged, Problem, Settings};

/// What is in force. It is replaced as a whole.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Number of the operator's configuration in it; 0 where there is none.
    pub generation: u64,
    /// Whether the node is managed.
    pub mode: Mode,
    /// What is to be so; in maintenance what could be read.
    pub settings: Arc<Settings>,
    /// Where the settings are from; `None` where nothing could be read.
    pub merged: Option<Arc<Merged>>,
    /// What is not as it was written, and what could not be put into effect.
    pub problems: Vec<Problem>,
    /// The trial that runs.
    pub trial: Option<Trial>,
    /// Number of the configuration that waits for the next start.
    pub pending: Option<u64>,
}

/// Whether the node is managed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It has a configuration that says who may use the API, and a state to keep it on.
    Configured,
    /// It has not.
    Maintenance {
        /// Why, for people.
        reason: String,
    },
}

/// A configuration that is in force until it is confirmed or its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its number.
    pub generation: u64,
    /// When it ends, milliseconds of [`Clock::monotonic_ms`](super::Clock::monotonic_ms).
    pub ends_ms: u64,
}
