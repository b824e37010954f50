//! How a service is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// Its name.
    pub name: String,
    /// What it does.
    pub state: State,
    /// Its main process, if it runs.
    pub pid: Option<u32>,
    /// When the state began, milliseconds since the kernel started.
    pub since_ms: u64,
    /// How often it was started again.
    pub restarts: u32,
    /// What its check, or itself, said last.
    pub found: String,
}

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody asked for it.
    Off,
    /// It waits for others to be ready.
    Waiting,
    /// It runs and is not ready.
    Starting,
    /// It runs and is ready.
    Ready,
    /// It ended well and is not started again.
    Done,
    /// It ended badly and is not started again.
    Failed,
    /// It ended and is started again in a moment.
    BackOff,
    /// It was asked to stop.
    Stopping,
    /// It has stopped.
    Stopped,
}

impl State {
    /// Whether nothing has to be done about it.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Off | Self::Ready | Self::Done)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::BackOff => "back-off",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}
