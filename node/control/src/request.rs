//! Requests and answers, as lines.

use serde::{Deserialize, Serialize};

use crate::Status;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Stop all services in order and switch the machine off.
    PowerOff,
    /// Stop all services in order and start the machine again.
    Restart,
    /// The status of all services.
    Services,
    /// The same, and then each change of it.
    Watch,
    /// Start a service that does not run.
    StartService {
        /// Its name.
        service: String,
    },
    /// Stop a service until it is started by request.
    StopService {
        /// Its name.
        service: String,
    },
    /// Stop a service and start it again.
    RestartService {
        /// Its name.
        service: String,
    },
    /// Whether the machine is on its way down: a service that is told to end may have to do more then.
    Going,
    /// The service that asks is ready.
    Ready {
        /// What it has to say about it.
        found: String,
    },
    /// Show lines on every console, for a person who stands before the machine.
    Show {
        /// Plain text; what moves the cursor or the like is left out.
        lines: Vec<String>,
    },
    /// Make the machine what [`crate::System`] says in its file.
    Apply,
    /// Make partitions anew at the next start, and go down for it.
    Reset {
        /// Which.
        partitions: Vec<Partition>,
        /// How to go down.
        then: Then,
    },
}

/// A partition that can be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// Everything that the node keeps.
    State,
    /// The version that does not run.
    OtherSlot,
}

/// How a machine goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// It is switched off.
    PowerOff,
    /// It starts again.
    Restart,
}

/// What init says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// It is being done, or was.
    Accepted,
    /// It is not, and why.
    Refused {
        /// The reason.
        why: String,
    },
    /// Whether the machine is on its way down.
    Going {
        /// How; nothing while it stays up.
        then: Option<Then>,
    },
    /// All services, in the order of the table.
    Services {
        /// Their status.
        services: Vec<Status>,
    },
    /// One of them is not as it was.
    Changed {
        /// Its status now.
        service: Status,
    },
}

/// A text is not a request: what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("no request: {0}")]
pub struct NoRequest(#[from] serde_json::Error);

impl Request {
    /// Reads one line.
    pub fn parse(line: &[u8]) -> Result<Self, NoRequest> {
        Ok(serde_json::from_slice(line)?)
    }

    /// The request as a line.
    pub fn line(&self) -> String {
        line(self)
    }
}

impl Answer {
    /// Reads one line; `None` for what is no answer.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line.trim()).ok()
    }

    /// The answer as a line.
    pub fn line(&self) -> String {
        line(self)
    }
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}
